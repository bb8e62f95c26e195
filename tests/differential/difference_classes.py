"""Why osslsigncode and the verifier may differ.

A class is a name and a test on one difference (osslsigncode.Difference); the
first that applies counts. docs/differential.md explains each with the
platform's documented behaviour; a difference without a class is an error in
one of the two programs until somebody has looked.
"""


def has_finding(difference, *names):
    return any(f["id"] in names for f in difference.report["findings"])


def signatures(difference):
    return difference.report["artifacts"][0]["signatures"]


def says(difference, words):
    return words in difference.output


def read_nothing(difference):
    """osslsigncode shows no signature where we show some."""
    return difference.field == "signatures" and difference.other == "0"


def accepts(difference):
    """Only we accept this signature or timestamp."""
    return (difference.ours, difference.other) in (
        ("ok", "bad"), ("ok", "failed"), ("ok", "none"), ("yes", "no"))


def refuses(difference):
    return (difference.ours, difference.other) == ("no", "yes")


def damaged_table(difference):
    return read_nothing(difference) and has_finding(
        difference, "signing.malformed", "signing.unsupported",
        "signing.data_after_signature")


def several_entries(difference):
    return read_nothing(difference) and len(
        {s["entry"] for s in signatures(difference)}) > 1


def key_identifier(difference):
    return read_nothing(difference) and says(
        difference, "Type=PKCS7_ISSUER_AND_SERIAL")


def nested_in_nested(difference):
    found = signatures(difference)
    return difference.field == "signatures" and any(
        s["nested_in"] is not None
        and found[s["nested_in"]]["nested_in"] is not None for s in found)


def several_signers(difference):
    return difference.field == "signatures" and has_finding(
        difference, "signing.several_signers")


def stops_at_bad_digest(difference):
    return difference.field.endswith("timestamp") \
        and difference.other == "none" and "MISMATCH!!!" in difference.text


def page_hashes(difference):
    return accepts(difference) and difference.signature is not None \
        and difference.signature["page_hashes"] == "valid" \
        and "MISMATCH!!!" in difference.text


def pss(difference):
    return accepts(difference) and difference.signature is not None \
        and "pss" in difference.signature["signature_algorithm"].lower()


def other_path(difference):
    return accepts(difference) and difference.field.endswith("accepted") \
        and "self-signed certificate in certificate chain" in difference.text


def signer_key_usage(difference):
    return refuses(difference) \
        and difference.signature["trust"] == "not-code-signing"


def lifetime_signing(difference):
    return refuses(difference) and difference.signature["lifetime_signing"] \
        and difference.signature["trust"] == "expired"


def embedded_list(difference):
    return says(difference, "unable to get certificate CRL")


def timestamp_form(difference):
    return accepts(difference) and says(
        difference, "RFC3161 Timestamp could not be decoded")


def bare_digest(difference):
    """Its RSA step fails on a legacy stamp that we accept."""
    return accepts(difference) and difference.signature is not None \
        and says(difference, "ossl_rsa_verify:bad signature") \
        and any(s["kind"] == "authenticode" and s["integrity"] == "valid"
                for s in difference.signature["timestamps"])


CLASSES = (
    ("several-entries", several_entries),
    ("damaged-table", damaged_table),
    ("key-identifier", key_identifier),
    ("nested-in-nested", nested_in_nested),
    ("several-signers", several_signers),
    ("stops-at-bad-digest", stops_at_bad_digest),
    ("page-hashes", page_hashes),
    ("pss", pss),
    ("other-path", other_path),
    ("signer-key-usage", signer_key_usage),
    ("lifetime-signing", lifetime_signing),
    ("embedded-list", embedded_list),
    ("timestamp-form", timestamp_form),
    ("bare-digest", bare_digest),
)


def class_of(difference, before):
    """The name of the first class that applies, or None.

    `before` has the classes of the file's other differences: a verdict on the
    file differs for the reason that a signature does.
    """
    if difference.field == "file":
        return next((name for name in before if name), None)
    return next((name for name, applies in CLASSES if applies(difference)),
                None)
