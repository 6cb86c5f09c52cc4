"""Article in, extraction out: triggers, dates, places, actors, casualties, weapons, claims, assembly."""
