"""What admins look after: the policy and its versions."""

from typing import Annotated, Any, Literal

from pydantic import Field

from shared.contracts.wire import Moment, Request, Wire

Files = Annotated[dict[str, str], Field(description="the texts of the files by path, such as `bots/helper.yaml`")]


class Policy(Wire):
    """The configuration that counts, as it was published."""

    version: str
    published_at: Moment
    published_by: Annotated[str, Field(description="an agent's id, or `folder`")]
    files: Files


class PublishPolicy(Request):
    """A whole configuration."""

    files: Files
    replaces: Annotated[
        str | None, Field(max_length=64, description="the version that it was made from; 412 if that counts no more")
    ] = None


class TrafficEntry(Wire):
    """A version of a record of routing: one line of an export."""

    position: Annotated[int, Field(description="its place in the order in which the pool was written")]
    at: Moment
    kind: Literal["work", "agent", "offer"]
    record: dict[str, Any]


class PolicyPublished(Wire):
    """It counts from now on; every process follows within five seconds."""

    version: str
    replaced: str
