"""The message by which a browser has its page run again, for when the server has something new to show."""

from google.protobuf.message import DecodeError
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState


def rerun_of(said: bytes | None) -> bytes:
    """Runs the page that the browser has last spoken of, without what was clicked or typed there."""
    state = ClientState()
    try:
        last = BackMsg.FromString(said or b"").rerun_script
    except DecodeError:
        last = state
    state.query_string, state.page_script_hash, state.page_name = (
        last.query_string,
        last.page_script_hash,
        last.page_name,
    )
    state.context_info.CopyFrom(last.context_info)
    message: bytes = BackMsg(rerun_script=state).SerializeToString()
    return message
