"""The embedded servers' own logs, which have no option that hides the data of those whom we serve."""

from crm_core.services import Services


def test_mongod_does_not_log_the_documents_of_a_slow_operation(services: Services) -> None:
    services.db.orders.insert_one({"name": "Slowmark"})
    slow = {"$where": "sleep(250) || this.name === 'Slowmark'"}  # slow is what takes more than 100 ms
    assert services.db.orders.find_one(slow)
    services.db.orders.update_one(slow, {"$set": {"name": "Slowmark the Second"}})
    log = (services.settings.data_dir / "logs" / "mongod.log").read_text()
    assert "Waiting for connections" in log
    assert "Slowmark" not in log
