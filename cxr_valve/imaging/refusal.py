"""Why a file cannot be read as one radiograph, in words a clinician can act on."""


class Refusal(ValueError):  # noqa: N818  (a refusal is an answer, not a defect)
    """A file that cannot be read as one radiograph.

    Args:
        code: short kebab-case name of the reason ("multi-frame", "truncated", "colour", …).
        expected: what the reader needs, continuing the word "Expected".
        found: what the file holds instead, continuing the word "found".
        advice: one sentence on what to do next.

    No argument may hold an identifier or a file name: the text is shown, logged and exported.
    """

    def __init__(
        self,
        code: str,
        expected: str = "one greyscale frame",
        found: str = "something else",
        advice: str = "Export the radiograph as DICOM or PNG and try again.",
    ) -> None:
        super().__init__(f"Expected {expected}, found {found}. {advice}")
        self.code = code
        self.expected = expected
        self.found = found
        self.advice = advice

    def __reduce__(self) -> tuple[type["Refusal"], tuple[str, str, str, str]]:
        # Exceptions rebuild from their message by default, which would lose the parts when a
        # refusal crosses from a worker process.
        return Refusal, (self.code, self.expected, self.found, self.advice)


def truncated(found: str) -> Refusal:
    """The refusal of a file that ends before its image does."""
    return Refusal(
        "truncated",
        "a complete image",
        found,
        "The file was probably cut short: copy or export it again.",
    )


def damaged(found: str) -> Refusal:
    """The refusal of a file of a known type whose contents do not decode."""
    return Refusal(
        "damaged",
        "an image that decodes",
        found,
        "The file is probably damaged: copy or export it again.",
    )


def too_large(expected: str, found: str) -> Refusal:
    """The refusal of a file, or of an image, beyond the limits."""
    return Refusal("too-large", expected, found, "Export the radiograph alone, at its usual size.")
