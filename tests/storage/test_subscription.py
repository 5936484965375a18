"""Topics and who wants to hear of them."""

from storage.subscription import Subscriptions

ONE, OTHER = "1" * 32, "2" * 32


def test_who_wants_a_topic_is_found_until_they_want_it_no_more(db):
    store = Subscriptions(db)
    store.add(ONE, ["niming-dafu", "yaowen"])
    store.add(OTHER, ["yaowen"])
    before = store.who_want("niming-dafu"), sorted(store.who_want("yaowen")), store.who_want("no-such")
    store.drop(ONE, ["niming-dafu"])

    assert before == ([ONE], [ONE, OTHER], [])
    assert store.who_want("niming-dafu") == []
