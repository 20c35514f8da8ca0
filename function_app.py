"""The Functions app: registers the blueprints of triggers/, nothing else."""

import azure.functions as func

from triggers.health import bp as health

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
app.register_functions(health)
