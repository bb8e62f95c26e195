"""When a report agrees with an expected signature state.

The states are those of the corpus table; each rule reads the JSON report
(docs/report-schema.md) and nothing else.
"""


def signatures(report):
    return [s for a in report["artifacts"][:1] for s in a["signatures"]]


def has(report, finding):
    return any(f["id"] == finding for f in report["findings"])


def all_valid(report):
    found = signatures(report)
    return bool(found) and all(s["integrity"] == "valid" for s in found)


def some_invalid(report):
    return any(s["integrity"] != "valid" for s in signatures(report))


def some_trust(report, trust):
    return any(s["trust"] == trust for s in signatures(report))


def is_past(report):
    return all(s["signer"]["not_after"] < report["evaluated_at"]
               for s in signatures(report))


def damage_is_named(report):
    names = ("signing.malformed", "signing.unsupported", "pe.malformed",
             "vet.incomplete")
    return any(f["id"] in names and f["evidence"] for f in report["findings"])


RULES = {
    "valid": all_valid,
    "valid_crypto": all_valid,
    "valid_given_root": all_valid,
    "valid_lifetime_signing": all_valid,
    "valid_selfsigned": lambda r: all_valid(r) and not some_trust(r, "trusted"),
    "untrusted_root": lambda r: all_valid(r) and not some_trust(r, "trusted"),
    "valid_with_cert_table_tag": lambda r: all_valid(r)
    and has(r, "signing.unsigned_data_in_signature"),
    "valid_with_trailing_data": lambda r: all_valid(r)
    and has(r, "signing.unsigned_data_in_signature"),
    "valid_with_unauth_data": lambda r: all_valid(r)
    and has(r, "signing.unauthenticated_attribute"),
    "expired": lambda r: all_valid(r) and (
        some_trust(r, "expired") or some_trust(r, "untrusted") and is_past(r)),
    "weak_digest": lambda r: all_valid(r) and has(r, "signing.weak_algorithm"),
    "bad_digest": lambda r: some_invalid(r)
    and has(r, "signing.digest_mismatch"),
    "bad_signature": some_invalid,
    "mixed": lambda r: has(r, "signing.mixed"),
    "malformed": lambda r: r["verdict"] != "allow" and not all_valid(r)
    and damage_is_named(r),
    "unsupported_type": lambda r: r["verdict"] != "allow"
    and not all_valid(r) and damage_is_named(r),
    # First entry garbage, second good: both answered, never let in.
    "needs_policy": lambda r: r["verdict"] != "allow" and some_invalid(r)
    and any(s["integrity"] == "valid" for s in signatures(r)),
    "eku_missing": lambda r: r["verdict"] != "allow"
    and some_trust(r, "not-code-signing"),
    "publisher_mismatch": lambda r: has(r, "signing.publisher_mismatch"),
    "unsigned": lambda r: r["artifacts"][0]["signed"] == "absent",
    "adhoc": lambda r: some_trust(r, "ad-hoc"),
    "signed_present": lambda r: r["artifacts"][0]["signed"] != "absent",
    "malformed_no_crash": lambda r: True,
}


def agrees(report, state):
    """True or False, or None when no verdict is expected for this state."""
    rule = RULES.get(state)
    return None if rule is None else bool(rule(report))
