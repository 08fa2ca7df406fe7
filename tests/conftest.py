"""No deadline for a single example: the machine may be busy, and tests hold no timings."""

from hypothesis import settings

settings.register_profile("without deadline", deadline=None)
if settings.get_current_profile_name() == "default":  # on CI hypothesis loads a profile of its own
    settings.load_profile("without deadline")
