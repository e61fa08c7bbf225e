"""Assessment: items and tests (QTI), their delivery, marking, and how good the marking is."""
