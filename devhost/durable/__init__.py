"""The host half of Durable Functions: histories, tasks, timers and messages; the SDK replays the orchestrators."""
