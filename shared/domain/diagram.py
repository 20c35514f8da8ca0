"""The picture of a conversation's life, as Mermaid draws it; docs/conversation.md holds what this gives."""

from shared.domain.conversation import TRANSITIONS, Status, Step


def state_diagram() -> str:
    """A Mermaid state diagram of `TRANSITIONS`; steps that lead from one status to the same other share an arrow."""
    lines = ["stateDiagram-v2", f"    [*] --> {Status.NEW}"]
    for status, steps in TRANSITIONS.items():
        arrows: dict[Status, list[Step]] = {}
        for step, after in steps.items():
            arrows.setdefault(after, []).append(step)
        lines += [f"    {status} --> {after}: {', '.join(together)}" for after, together in arrows.items()]
        if not steps:
            lines.append(f"    {status} --> [*]")
    return "\n".join(lines) + "\n"
