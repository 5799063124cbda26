"""The rules of the line played forward in memory; nothing here reads or writes a ticket.

``forecast`` asks no dice: it tells a kiosk how long the wait may be. ``day`` does: it plays a whole
day of a branch, with as many visitors as a ``Demand`` says, who behave by given ``Habits``.
"""
