"""What runs inside the rebuilt environment, by its own Python, as a script.

Files here import the standard library only, run on Python 3.8 and later, and are never
imported by Afield itself.
"""

from __future__ import annotations
