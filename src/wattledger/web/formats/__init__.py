"""How dates and times look in each language, where Django's own way is not ours."""
