from crm_core.cli.main import app

if __name__ == "__main__":
    app(prog_name="python -m crm_core")
