"""Makes the clips in static/voice/ that the board speaks with. Needed only to change them.

    python3 tools/make_voice.py [--only zh] [--into static/voice]

It needs espeak-ng 1.51 or newer and ffmpeg with libmp3lame on the PATH. What each clip is for,
and how a hall puts its own recordings in their place: docs/voice.md.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import subprocess
import tempfile
import wave
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from string import ascii_uppercase
from typing import Final

RATE: Final = 22_050
LOUDNESS: Final = 10 ** (-19 / 20)
KNEE, CEILING = 0.5, 0.8
# Wider in pitch than espeak-ng's own voices, for tones, with clearer consonants: a hall is loud.
VOICE: Final = """language variant
name hall
gender female
pitch 120 255
consonants 130 130
roughness 3
formant 0 105 80 150
formant 1 110 80 160
formant 2 110 70 150
formant 3 110 70 150
formant 4 115 80 150
formant 5 115 80 150
formant 6 110 70 150
formant 7 110 70 150
formant 8 110 70 150
stressAdd 0 0 -10 -10 0 0 10 40
"""
ENGLISH: Final = "en-us"
UNITS: Final = "zero one two three four five six seven eight nine".split()
TEENS: Final = (
    "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
).split()
TENS: Final = "twenty thirty forty fifty sixty seventy eighty ninety".split()


@dataclass(frozen=True)
class Clip:
    """One clip: its file name, what it says, and how espeak-ng is told to say it."""

    name: str
    text: str
    spoken: str
    voice: str


@dataclass(frozen=True)
class Chinese:
    """What differs between Mandarin and Cantonese: how digits and phrases are written and said."""

    voice: str
    digits: tuple[str, ...]
    said: tuple[str, ...]
    one: tuple[str, str]
    ten: str
    joint: str
    phrases: dict[str, tuple[str, str]]

    def number(self, n: int) -> tuple[str, str]:
        """A number from 1 to 99 as it is counted: written, and said."""
        tens, unit = divmod(n, 10)
        parts = [self.digit(tens)] * (tens > 1) + [("十", self.ten)] * (tens > 0)
        parts += [self.digit(unit)] * (unit > 0)
        return "".join(text for text, _ in parts), self.joint.join(said for _, said in parts)

    def digit(self, n: int) -> tuple[str, str]:
        """A digit as it is counted, which for 1 is not as it is read out."""
        return self.one if n == 1 else (self.digits[n], self.said[n])

    def clips(self) -> Iterator[Clip]:
        """Every clip of the language."""
        yield from letters()
        for n, (text, said) in enumerate(zip(self.digits, self.said, strict=True)):
            yield Clip(f"digit-{n}", text, said, self.voice)
        for n in range(1, 100):
            yield Clip(f"number-{n}", *self.number(n), self.voice)
        for name, (text, said) in self.phrases.items():
            yield Clip(name, text, said, self.voice)


MANDARIN: Final = Chinese(
    voice="cmn-latn-pinyin",
    digits=tuple("零幺二三四五六七八九"),
    said=tuple("ling2 yao1 er4 san1 si4 wu3 liu4 qi1 ba1 jiu3".split()),
    one=("一", "yi1"),
    ten="shi2",
    joint="",
    phrases={
        "please": ("请", "qing3"),
        "number": ("号", "hao4"),
        "to": ("到", "dao4"),
        "counter": ("号窗口", "hao4 chuang1kou3"),
    },
)
CANTONESE: Final = Chinese(
    voice="yue-latn-jyutping",
    digits=tuple("零一二三四五六七八九"),
    said=tuple("ling4 jat1 ji6 saam1 sei3 ng5 luk6 cat1 baat3 gau2".split()),
    one=("一", "jat1"),
    ten="sap6",
    joint=" ",
    phrases={
        "please": ("請", "cing2"),
        "number": ("號", "hou6"),
        "to": ("到", "dou3"),
        "counter": ("號窗口", "hou6 coeng1hau2"),
    },
)

# A Mandarin third tone stays low where something follows, and something always does; the
# Cantonese five is a bare nasal, for which espeak-ng has a sound but no spelling.
MENDED: Final = {
    MANDARIN.voice: (r"214(?=[^0-9]*$)", "21"),
    CANTONESE.voice: (r"(?<!\S)N_\|", "N-5N_|"),
}


def letters() -> Iterator[Clip]:
    """The alphabet, as every language here reads it out; zed, since zee sounds like C and G."""
    for letter in ascii_uppercase:
        said = "zed" if letter == "Z" else letter
        yield Clip(f"letter-{letter.lower()}", letter, f"{said},", ENGLISH)


def counted(n: int) -> str:
    """A number from 1 to 99 in English words."""
    if n < 20:
        return (UNITS + TEENS)[n]
    tens, unit = divmod(n, 10)
    return TENS[tens - 2] + (f"-{UNITS[unit]}" if unit else "")


def english() -> Iterator[Clip]:
    """Every English clip: a comma keeps the voice up, since the sentence goes on after it."""
    yield from letters()
    for n, word in enumerate(UNITS):
        yield Clip(f"digit-{n}", word, f"{word},", ENGLISH)
    for n in range(1, 100):
        yield Clip(f"number-{n}", counted(n), f"{counted(n)}.", ENGLISH)
    yield Clip("ticket", "Ticket", "Ticket,", ENGLISH)
    yield Clip("go-to-counter", "please go to counter", "please go to counter,", ENGLISH)


LANGUAGES: Final[dict[str, Callable[[], Iterator[Clip]]]] = {
    "zh": MANDARIN.clips,
    "yue": CANTONESE.clips,
    "en": english,
}


def run(*command: str | Path, stdin: bytes | None = None) -> bytes:
    """What a command prints; its error stops us."""
    done = subprocess.run([str(part) for part in command], input=stdin, capture_output=True)
    if done.returncode:
        raise SystemExit(f"{command[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def voices(folder: Path) -> Path:
    """espeak-ng's data with our own voice beside its own: it takes voices only from there."""
    found = re.search(r"Data at: (.+)", run("espeak-ng", "--version").decode())
    if not found:
        raise SystemExit("espeak-ng does not say where its data is.")
    data = folder / "espeak-ng-data"
    (data / "voices" / "!v").mkdir(parents=True)
    for entry in Path(found[1].strip()).iterdir():
        if entry.name != "voices":
            (data / entry.name).symlink_to(entry)
    (data / "voices" / "!v" / "hall").write_text(VOICE)
    return folder


def mended(clip: Clip, data: Path) -> str:
    """What espeak-ng shall say: the words, or their sounds where it would say them wrong."""
    if clip.voice not in MENDED or clip.name == "counter":
        return clip.spoken
    path = f"--path={data}"
    sounds = run("espeak-ng", path, "-q", "-x", "-v", clip.voice, clip.spoken).decode().strip()
    right = re.sub(*MENDED[clip.voice], sounds)
    return f"[[{right}]]" if right != sounds else clip.spoken


def speak(clip: Clip, data: Path, speed: int) -> array[int]:
    """The clip as espeak-ng says it, as it comes."""
    out = data / "clip.wav"
    voice = f"{clip.voice}+hall"
    said = mended(clip, data)
    run("espeak-ng", f"--path={data}", "-z", "-v", voice, "-s", str(speed), "-w", out, said)
    with wave.open(str(out)) as heard:
        if heard.getframerate() != RATE:
            raise SystemExit(f"espeak-ng speaks at {heard.getframerate()} Hz, not {RATE}.")
        return array("h", heard.readframes(heard.getnframes()))


def chime() -> array[int]:
    """Two soft falling tones, like a doorbell heard through a door."""
    length = int(RATE * 1.15)
    sound = [0.0] * length
    for starts, pitch, loud in ((0.0, 659.26, 1.0), (0.36, 523.25, 0.95)):
        first = int(starts * RATE)
        for i in range(first, length):
            sound[i] += loud * bell(pitch, (i - first) / RATE)
    peak = max(abs(value) for value in sound)
    return array(
        "h",
        (
            int(32767 * 0.4 / peak * value * min(1.0, (length - i) / (RATE * 0.2)))
            for i, value in enumerate(sound)
        ),
    )


def bell(pitch: float, seconds: float) -> float:
    """One stroke: rises in a hundredth of a second, overtones die before the tone does."""
    rise = min(1.0, seconds / 0.012)
    partials = ((1, 1.0, 0.3), (2, 0.22, 0.18), (3, 0.06, 0.1))
    return rise * sum(
        share * math.exp(-seconds / decay) * math.sin(math.tau * pitch * times * seconds)
        for times, share, decay in partials
    )


def trimmed(sound: array[int]) -> array[int]:
    """The sound without the silence round it."""
    floor = max(abs(value) for value in sound) * 0.01
    heard = [i for i, value in enumerate(sound) if abs(value) > floor]
    return sound[max(0, heard[0] - RATE // 100) : heard[-1] + RATE // 50]


def levelled(sound: array[int]) -> array[int]:
    """As loud as every other clip: by the mean of what sounds, peaks rounded off, ends faded."""
    window = RATE // 50
    means = [mean_square(sound[i : i + window]) for i in range(0, len(sound), window)]
    sounding = [mean for mean in means if mean > max(means) / 1000]
    gain = LOUDNESS / math.sqrt(sum(sounding) / len(sounding))
    last = len(sound) - 1
    return array(
        "h",
        (
            int(32767 * rounded(gain * value / 32768) * fade(min(i, last - i)))
            for i, value in enumerate(sound)
        ),
    )


def mean_square(sound: array[int]) -> float:
    """The mean power of a stretch."""
    return sum((value / 32768) ** 2 for value in sound) / len(sound)


def rounded(value: float) -> float:
    """A sample with everything above the knee bent under the ceiling."""
    over = abs(value) - KNEE
    if over <= 0:
        return value
    room = CEILING - KNEE
    return math.copysign(KNEE + room * math.tanh(over / room), value)


def fade(samples_from_end: int) -> float:
    """Ten milliseconds up and down, so that a join does not click."""
    return min(1.0, samples_from_end / (RATE * 0.01))


def save(sound: array[int], path: Path) -> None:
    """Writes an MP3: the one format that WebAudio decodes in every browser."""
    source = ("-f", "s16le", "-ar", str(RATE), "-ac", "1", "-i", "-")
    coding = ("-c:a", "libmp3lame", "-b:a", "32k", "-map_metadata", "-1", "-bitexact")
    run("ffmpeg", "-v", "error", "-y", *source, *coding, path, stdin=sound.tobytes())


def write_manifest(folder: Path, texts: dict[str, str]) -> None:
    """The list of clips: only names in it are ever served."""
    listing = json.dumps(texts, ensure_ascii=False, indent=1)
    (folder / "manifest.json").write_text(listing + "\n", encoding="utf-8")


def make_language(folder: Path, clips: list[Clip], speed: int) -> None:
    """All clips of one language and their list."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        data = voices(Path(scratch))
        for clip in clips:
            sound = levelled(trimmed(speak(clip, data, speed)))
            save(sound, folder / f"{clip.name}.mp3")
    write_manifest(folder, {clip.name: clip.text for clip in clips})


def make_common(folder: Path) -> None:
    """What belongs to no language: the chime."""
    folder.mkdir(parents=True, exist_ok=True)
    save(chime(), folder / "chime.mp3")
    write_manifest(folder, {"chime": "two tones before every call"})


def main() -> None:
    """Reads the command line and makes what it asks for."""
    root = Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=[*LANGUAGES, "common"], help="make only this folder")
    parser.add_argument("--into", type=Path, default=root / "static" / "voice")
    parser.add_argument("--speed", type=int, default=155, help="words a minute")
    options = parser.parse_args()
    for name, clips in LANGUAGES.items():
        if options.only in (None, name):
            make_language(options.into / name, list(clips()), options.speed)
    if options.only in (None, "common"):
        make_common(options.into / "common")


if __name__ == "__main__":
    main()
