"""``manage.py verify_ledger``: whether the ledger is as it was sealed."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, no_translations

from hall.ledger.proof import Proof, prove


class Command(BaseCommand):
    help = (
        "Go through the ledger's seals and rows, and tell each that was altered or is gone. Keep "
        "the last hash elsewhere: with it a chain is found that was cut, or written anew."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--since-seal", default="", metavar="HASH", help="a seal's hash: what follows it"
        )

    @no_translations
    def handle(self, *args: Any, since_seal: str = "", **options: Any) -> None:
        """Print what was found; exit code 1 if there is a fault."""
        proof = prove(since_seal)
        for line in told(proof):
            self.stdout.write(line)
        if proof.faults:
            raise CommandError(f"{len(proof.faults)} faults in the ledger.")


def told(proof: Proof) -> Iterator[str]:
    yield from (f"FAULT: {fault}" for fault in proof.faults)
    if not proof.faults:
        yield f"OK: {proof.seals} seals, {proof.rows} rows as they were sealed."
    if proof.removed:
        yield f"{proof.removed} rows are gone with their month, as a seal says."
    if proof.first_unsealed:
        since = proof.first_unsealed.at.isoformat(" ", "seconds")
        yield f"{proof.unsealed} rows are not sealed yet, since {since}: nothing is proven of them."
    if proof.ids_given > proof.ids_found:
        yield (
            f"The last id given is {proof.ids_given}, the last row {proof.ids_found}: what is "
            "between was rolled back, or a tail was removed. A hash kept elsewhere tells which."
        )
    if proof.last:
        yield f"Last seal: {proof.last.number} {proof.last.hash}"
