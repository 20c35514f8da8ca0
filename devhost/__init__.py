"""An Azure Functions host for one machine: runs an unmodified Python v2 app, Durable orchestrations included."""
