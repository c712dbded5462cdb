"""Opening files: read one after another with progress and stop, then forgotten by the uploader."""

from pathlib import Path
from typing import Any

import streamlit as st
from streamlit import runtime
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

from cxr_valve.cards import CardError
from cxr_valve.imaging.limits import MAX_BYTES
from cxr_valve.imaging.radiograph import Radiograph
from cxr_valve.imaging.refusal import Refusal
from cxr_valve.reading.folder import Outcome, outcome_of
from cxr_valve.reading.reader import Reader
from cxr_valve.ui.resources import shared_reader
from cxr_valve.ui.visit import Case, Visit

#: The page, its worklist included, is drawn again after this many files.
REFRESH = 10
TYPES = "DICOM, PNG, JPEG, TIFF, BMP or WebP"
MEGABYTES = MAX_BYTES // 10**6

#: While files are dragged over the page, the whole page takes them (frame.css: .dropping).
DROP_ANYWHERE = """
<script>
if (!window.cxrDrop) {
  window.cxrDrop = true;
  const dropping = (on) => document.documentElement.classList.toggle("dropping", on);
  window.addEventListener("dragenter", (event) => {
    if (event.dataTransfer?.types.includes("Files")) dropping(true);
  });
  window.addEventListener("dragleave", (event) => { if (!event.relatedTarget) dropping(false); });
  for (const end of ["drop", "dragend", "mousemove"]) {
    window.addEventListener(end, () => dropping(false), true);
  }
}
</script>
"""


def opened_reader(place: DeltaGenerator | None = None) -> Reader:
    """The shared reader; shows in ``place`` what is being opened where that takes time.

    Stops the page, in words, where the active weights cannot be used.
    """
    try:
        shared = shared_reader()
        if shared.ready:
            return shared.get()
        place = place or st.empty()
        with place.status("Opening the networks (up to a minute the first time)") as status:
            reader = shared.get(lambda text: status.update(label=text))
        place.empty()
        return reader
    except (CardError, ValueError) as error:
        st.error(f"The weights cannot be used. {error}")
        st.stop()


def drop_zone(visit: Visit, *, roomy: bool) -> None:
    """The place to drop files, ``roomy`` or as one button. Files are queued, and the uploader lets
    go of them at once; anywhere on the page will do for dropping."""
    key = f"upload-{visit.uploads}"

    def take() -> None:
        if key != f"upload-{visit.uploads}":
            return  # An uploader already emptied, told that its files are gone.
        visit.queue.add(st.session_state[key] or [])
        # A new key: the uploader forgets the files and their names.
        visit.uploads += 1

    with st.container(
        key="open-roomy" if roomy else "open-button", width="stretch" if roomy else 128
    ):
        st.file_uploader(
            f"Frontal chest radiographs: {TYPES}, up to {MEGABYTES} MB each",
            accept_multiple_files=True,
            key=key,
            max_upload_size=MEGABYTES,
            on_change=take,
            label_visibility="visible" if roomy else "collapsed",
        )
        st.html(DROP_ANYWHERE, unsafe_allow_javascript=True)


def read_first(visit: Visit) -> None:
    """Read the first file of a new drop and show it; the rest follows once the page stands."""
    place = st.empty()
    if not (visit.queue.files and visit.queue.fresh):
        return
    reader = opened_reader(place)
    visit.queue.fresh = False
    visit.selected = add_file(visit, reader, visit.queue.files.pop(0)).number


def read_rest(visit: Visit, place: DeltaGenerator) -> None:
    """Read what is still queued while the page stands; any click interrupts between two files.

    Called last on the page; ``place`` is where progress and the stop button go.
    """
    queue = visit.queue
    if not queue.files:
        return
    reader = opened_reader()
    with place:
        bar = st.progress(0.0, width=190)
        st.button("Stop reading", on_click=stop, args=(visit,), key="stop-reading")
    shown = visit.case(visit.selected)
    for _ in range(min(len(queue.files), REFRESH)):
        bar.progress(queue.done / queue.total, text=f"Reading {queue.done + 1} of {queue.total}")
        case = add_file(visit, reader, queue.files.pop(0))
        if shown and not shown.was_read and case.was_read:
            # Something to look at, at last.
            visit.selected = case.number
            break
    st.rerun()


def stop(visit: Visit) -> None:
    """Forget what is still queued; what was read stays."""
    for file in visit.queue.files:
        release(file)
    visit.queue.files.clear()


def add_file(visit: Visit, reader: Reader, file: Any) -> Case:
    """Read one uploaded file and keep the case, read or refused."""
    outcome, radiograph = read_bytes(reader, file.getvalue())
    release(file)
    return visit.add(Case(visit.next_number, outcome, file_name=file.name), radiograph)


def read_bytes(reader: Reader, data: bytes) -> tuple[Outcome, Radiograph | None]:
    """The outcome of one file's bytes, and its pixels where it was read."""
    engine = reader.engine.name
    try:
        inputs = reader.inputs(data)
        reading = reader.infer(inputs)
        return outcome_of(Path(), reading, None), inputs.radiograph
    except Refusal as refusal:
        return Outcome(Path(), "refused", str(refusal), None, None, engine, 0.0), None
    except Exception as error:  # a defect of ours: the other files go on
        reason = f"Unexpected {type(error).__name__}; please report it with the kind of file."
        return Outcome(Path(), "error", reason, None, None, engine, 0.0), None


def release(file: Any) -> None:
    """Drop the server's copies of an upload, which otherwise stay until the visit ends."""
    file.close()
    context = get_script_run_ctx()
    identity = getattr(file, "file_id", None)
    if context is None or identity is None or not runtime.exists():
        return
    if isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        context.uploaded_file_mgr.remove_file(context.session_id, identity)
