"""An organisation as a vCard 4.0 (RFC 6350)."""

from __future__ import annotations

from sreda.registry.api import Organisation


def vcard(organisation: Organisation) -> str:
    lines = [
        "BEGIN:VCARD",
        "VERSION:4.0",
        "KIND:org",
        f"UID:urn:uuid:{organisation.pk}",
        f"FN:{_text(organisation.short_name)}",
        f"ORG:{_text(organisation.name)}",
    ]
    address = ["", "", organisation.address, organisation.locality, organisation.municipality.name]
    address += [organisation.postcode, ""]
    lines.append("ADR;TYPE=work:" + ";".join(map(_text, address)))
    if organisation.phone:
        lines.append(f"TEL;TYPE=work:{_text(organisation.phone)}")
    if organisation.email:
        lines.append(f"EMAIL;TYPE=work:{_text(organisation.email)}")
    if organisation.website:
        lines.append(f"URL:{_text(organisation.website)}")
    lines.append("END:VCARD")
    return "".join(_folded(line) + "\r\n" for line in lines)


def _text(value: str) -> str:
    value = value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return value.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "")


def _folded(line: str) -> str:
    """Lines of at most 75 bytes, never cut inside a character."""
    parts, used = [""], 0
    for character in line:
        size = len(character.encode())
        if used + size > 75:
            parts.append(" ")
            used = 1
        parts[-1] += character
        used += size
    return "\r\n".join(parts)
