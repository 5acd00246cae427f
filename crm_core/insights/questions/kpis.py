"""How the workspace did, against as many days before."""

from crm_core.insights.attribution import last_touches
from crm_core.insights.charts import Figures
from crm_core.insights.facts import Facts, count_people
from crm_core.insights.frame import Column, Row, Unit, share
from crm_core.insights.periods import Period
from crm_core.insights.question import Asked, OfSegment, Question, Topic
from crm_core.schema.message_states import MessageState as State


def _answer(facts: Facts, asked: Asked) -> list[Row]:
    return [_row(facts, asked, "asked", asked.period), _row(facts, asked, "before", asked.period.before)]


def _row(facts: Facts, asked: Asked, name: str, period: Period) -> Row:
    span = period.span(facts.zone)
    revenue = orders = customers = reached = attributed_orders = attributed = 0
    states = dict.fromkeys((State.SENT, State.DELIVERED, State.OPENED, State.CLICKED), 0)
    for part in facts.parts:
        bought = part.orders(span)
        revenue += int(bought.nets.sum())
        orders += int(bought.is_order.sum())
        customers += count_people(bought.customers[bought.is_order])
        messages = part.messages(span)
        for state in states:
            states[state] += messages.count(state)
        reached += count_people(messages.customers[messages.reached(State.DELIVERED)])
        _, nets = last_touches(part, asked, span, bought)
        attributed_orders += nets.size
        attributed += int(nets.sum())
    return {
        "period": name,
        "from": period.first,
        "to": period.last,
        "revenue": revenue,
        "orders": orders,
        "customers": customers,
        "customers_reached": reached,
        "sent": states[State.SENT],
        "delivered": states[State.DELIVERED],
        "delivered_rate": share(states[State.DELIVERED], states[State.SENT]),
        "opened": states[State.OPENED],
        "opened_rate": share(states[State.OPENED], states[State.DELIVERED]),
        "clicked": states[State.CLICKED],
        "clicked_rate": share(states[State.CLICKED], states[State.DELIVERED]),
        "attributed_orders": attributed_orders,
        "attributed_revenue": attributed,
    }


KPIS = Question(
    name="kpis",
    title="Key figures",
    topic=Topic.REVENUE,
    definition=(
        "Revenue is what orders of these days add up to, less refunds and returns; cancelled, refunded and voided "
        "orders count nowhere. Active customers ordered at least once. Messages are those that were sent on these "
        "days, as they are now: delivered of sent, opened and clicked of delivered. Attributed revenue is that of "
        "orders whose customer had touched a message within the attribution window before; the workspace's settings "
        "say what counts as touched."
    ),
    columns=(
        Column("period", "Period", Unit.TEXT),
        Column("from", "From", Unit.DAY),
        Column("to", "To", Unit.DAY),
        Column("revenue", "Revenue", Unit.MONEY),
        Column("orders", "Orders", Unit.COUNT),
        Column("customers", "Active customers", Unit.COUNT),
        Column("customers_reached", "Reached", Unit.COUNT),
        Column("sent", "Sent", Unit.COUNT),
        Column("delivered", "Delivered", Unit.COUNT),
        Column("delivered_rate", "Delivery rate", Unit.SHARE),
        Column("opened", "Opened", Unit.COUNT),
        Column("opened_rate", "Open rate", Unit.SHARE),
        Column("clicked", "Clicked", Unit.COUNT),
        Column("clicked_rate", "Click rate", Unit.SHARE),
        Column("attributed_orders", "Attributed orders", Unit.COUNT),
        Column("attributed_revenue", "Attributed revenue", Unit.MONEY),
    ),
    answer=_answer,
    chart=Figures(
        (
            *("revenue", "orders", "customers", "attributed_revenue"),
            *("customers_reached", "delivered_rate", "opened_rate", "clicked_rate"),
        )
    ),
    parameters=(OfSegment(),),
    days=30,
    reads_messages=True,
)
