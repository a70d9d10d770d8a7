"""The tables, as migrations: each is applied once, in order, and never edited after a release."""

from __future__ import annotations

from sqlite_utils import Database, Migrations

migrations = Migrations("ussd_gateway")


@migrations()
def journal(db: Database) -> None:
    """The record of all that passed, a block for each turn; without a secondary index (docs/design.md, 5.7)."""
    db.table("journal").create(
        {
            "last": int,  # the numbers of the last and the first entry of the block
            "first": int,
            "at": float,  # of its first entry, in seconds since the epoch by the gateway's clock
            "octets": int,  # of this block and all that were ever written before it
            "entries": bytes,  # MessagePack (store/entries.py)
        },
        pk="last",
    )
    # One row: what was under way when so many entries had been written
    db.table("under_way").create({"id": int, "entry": int, "entries": bytes}, pk="id")


@migrations()
def views(db: Database) -> None:
    """What is looked up in the journal, brought up to date when somebody asks (store/views.py)."""
    db.table("views_position").create({"view": str, "position": int}, pk="view")
    db.table("messages").create(
        {
            "number": int,  # the message_id as a number
            "entry": int,  # of the journal; so is the id of a state and of a turn below
            "source": str,
            "destination": str,
            "account": str,
            "text": str,
            "data_coding": int,
            "first_state": int,
            "state": int,
            "submitted_at": float,
            "long_text": str,  # of a part: reference bits, reference and total of the text it belongs to; NULL of others
            "sequence": int,  # which part of it
        },
        pk="number",
    )
    db.execute("CREATE INDEX messages_parts ON messages (long_text, source, destination) WHERE long_text IS NOT NULL")
    # Without triggers: words are indexed when somebody searches for words.
    db.table("messages").enable_fts(["text"], tokenize="unicode61")
    # What the journal says of a message beyond its first entry; the state is NULL where it is no state
    db.table("message_events").create({"id": int, "number": int, "state": int, "at": float}, pk="id")
    db.table("message_events").create_index(["number"])
    db.table("sessions").create(
        {
            "session": str,
            "msisdn": str,
            "service_code": str,
            "started_at": float,
            "ended_at": float,
            "outcome": str,
        },
        pk="session",
    )
    db.table("sessions").create_index(["msisdn"])
    db.table("turns").create({"id": int, "session": str, "at": float, "operation": str, "text": str}, pk="id")
    db.table("turns").create_index(["session"])


@migrations()
def queries(db: Database) -> None:
    """What query_sm asks: which messages an ESME knows by one id."""
    db.table("messages").add_column("group_id", str, not_null_default="")
    db.execute("CREATE INDEX messages_of_groups ON messages (group_id) WHERE group_id != ''")


@migrations()
def selfcare(db: Database) -> None:
    """The operator's own service (SELFCARE: subscribers, passwords, services, audit)."""
    db.table("subscribers").create(
        {
            "msisdn": str,
            "owner": str,
            "language": str,
            "tariff": str,
            "status": str,
        },
        pk="msisdn",
    )
    db.table("ledger").create({"id": int, "msisdn": str, "at": float, "kopecks": int, "kind": str}, pk="id")
    db.table("ledger").create_index(["msisdn"])
    db.table("passwords").create(
        {
            "msisdn": str,
            "issue": int,  # rises with each one issued; the last issued is the only valid one (R121, R122)
            "hash": str,  # argon2id; "" until it is worked out
            "kind": str,  # generated
            "issued_at": float,
        },
        pk="msisdn",
    )
    db.table("password_requests").create(
        {
            "id": int,
            "msisdn": str,
            "at": float,
            "channel": str,
            "key": str,  # a repeat of the same request has the same one (R176)
            "result": str,
            "issue": int,  # NULL when none was issued
        },
        pk="id",
    )
    db.table("password_requests").create_index(["msisdn", "at"])
    db.table("password_requests").create_index(["msisdn", "channel", "key"], unique=True)
    # One octet of a digest each, by which a new password is kept apart from the former ones (R116)
    db.table("former_passwords").create({"msisdn": str, "issue": int, "tag": int}, pk=("msisdn", "issue"))
    db.table("services").create({"msisdn": str, "service": str, "since": float}, pk=("msisdn", "service"))
    db.table("audit").create({"id": int, "at": float, "who": str, "channel": str, "what": str, "facts": str}, pk="id")


@migrations()
def explanations(db: Database) -> None:
    """One sentence on what was wrong with the application of a session, where something was."""
    db.table("sessions").add_column("explanation", str)


@migrations()
def guards(db: Database) -> None:
    """Who has failed to log in how often, and until when nobody is let in."""
    db.table("guards").create({"msisdn": str, "failures": int, "locked_until": float}, pk="msisdn")


@migrations()
def cabinet_pages(db: Database) -> None:
    """The personal account in a browser: who is logged in where, and what each cabinet's settings are (R101)."""
    db.table("web_sessions").create(
        {
            "key": str,  # SHA-256 of the cookie, in hex: a thief of the database cannot log in with it
            "realm": str,  # cabinet, home, desk: whose pages it opens
            "who": str,  # who logged in: the cabinet's own number, or the name of an account
            "msisdn": str,  # the number that is shown
            "csrf": str,
            "issue": int,  # of the password at the log-in; another password ends the session (R129)
            "created": float,
            "seen": float,
            "address": str,
            "agent": str,
        },
        pk="key",
    )
    db.table("web_sessions").create_index(["realm", "who"])
    # Browsers in which a number has logged in before, with the failures since; others are shown a captcha (R107)
    db.table("web_browsers").create({"key": str, "msisdn": str, "failures": int, "at": float}, pk=("key", "msisdn"))
    db.table("cabinets").create(
        {
            "msisdn": str,
            "created_at": float,
            "log_in_sms": int,  # 1 or 0
            "language": str,  # ru or en; NULL is that of the SIM
        },
        pk="msisdn",
    )
    # The home cabinet's accounts are others than the numbers (R006)
    db.table("home_accounts").create({"login": str, "hash": str}, pk="login")


@migrations()
def numbers(db: Database) -> None:
    """Second numbers: what a SIM's card is, requests for links, and the desk that decides them (SELFCARE 3.1)."""
    subscribers = db.table("subscribers")
    subscribers.add_column("iccid", str, not_null_default="")
    subscribers.add_column("replaced_at", float)  # when the card was replaced by another; NULL for the first one
    subscribers.add_column("since", float, not_null_default=0)  # when the number became this owner's
    subscribers.add_column("status_at", float, not_null_default=0)
    subscribers.add_column("passport", str, not_null_default="")  # a digest (subscribers/identity.py)
    db.table("link_requests").create(
        {
            "id": int,
            "main": str,  # the cabinet's number
            "former": int,  # 1 where it is another person's by now
            "number": str,  # the one to be added
            "state": str,  # subscribers/links.py
            "created": float,
            "due": float,
            "overdue_at": float,  # when it was marked and escalated; NULL while it is in time
            "first_reviewer": str,  # who approved first, under four eyes
            "reviewer": str,
            "reason": str,
            "decided_at": float,  # approved, rejected or cancelled
            "ended_at": float,
        },
        pk="id",
        defaults={"former": 0},
    )
    db.table("link_requests").create_index(["main"])
    db.table("link_requests").create_index(["number"])
    db.table("link_attempts").create(
        {"id": int, "main": str, "key": str, "at": float, "result": str, "request": int}, pk="id"
    )
    db.table("link_attempts").create_index(["main", "at"])
    db.table("desk_guards").create({"name": str, "failures": int, "locked_until": float}, pk="name")
    db.table("desk_tickets").create(
        {"id": int, "at": float, "who": str, "channel": str, "msisdn": str, "state": str}, pk="id"
    )
    db.table("desk_tickets").create_index(["msisdn", "at"])


@migrations()
def socials_and_tokens(db: Database) -> None:
    """What opens a cabinet beside its password: accounts of social networks, and what applications remember."""
    db.table("social_bindings").create(
        {"network": str, "external_id": str, "msisdn": str, "name": str, "bound_at": float},
        pk=("network", "external_id"),
    )
    db.table("social_bindings").create_index(["msisdn", "network"], unique=True)
    db.table("app_tokens").create(
        {
            "id": int,
            "key": str,  # SHA-256 of the token, in hex: a thief of the database cannot log in with it
            "msisdn": str,
            "platform": str,
            "device": str,
            "created": float,
            "seen": float,
            "address": str,
        },
        pk="id",
    )
    db.table("app_tokens").create_index(["key"], unique=True)
    db.table("app_tokens").create_index(["msisdn", "platform", "device"], unique=True)


@migrations()
def money(db: Database) -> None:
    """Double entries: each posting is two rows that sum to zero; and what costs money and is owed (3.2, invariant 1)."""
    db.execute("ALTER TABLE ledger RENAME TO opening_balances")
    db.execute("DROP INDEX idx_ledger_msisdn")
    db.table("ledger").create(
        {
            "id": int,
            "posting": int,
            "account": str,  # a number, or one of the operator's accounts (subscribers/money.py)
            "at": float,
            "kopecks": int,
            "kind": str,
            "about": str,  # the tariff, the option or the other number
        },
        pk="id",
    )
    copied = "INSERT INTO ledger (posting, account, at, kopecks, kind, about) SELECT id, {}, at, {}, kind, '' FROM opening_balances"
    db.execute(copied.format("msisdn", "kopecks"))
    db.execute(copied.format("'operator:opening'", "-kopecks"))
    db.execute("DROP TABLE opening_balances")
    db.table("ledger").create_index(["account", "at"])
    db.table("ledger").create_index(["posting"])
    db.execute(
        "CREATE TRIGGER ledger_is_never_edited BEFORE UPDATE ON ledger"
        " BEGIN SELECT RAISE(ABORT, 'an entry of the ledger is never edited'); END"
    )
    # A repeat of a request that costs money has the same key and the same answer (invariant 14)
    db.table("money_requests").create({"msisdn": str, "key": str, "at": float, "answer": str}, pk=("msisdn", "key"))
    # The months of tariffs and options that are paid for; `due` is NULL while one waits for money
    db.table("subscriptions").create(
        {"msisdn": str, "code": str, "since": float, "due": float},  # the tariff's code is ""
        pk=("msisdn", "code"),
    )
    db.table("subscriptions").create_index(["due"])
    db.table("promised_payments").create(
        {"id": int, "msisdn": str, "kopecks": int, "fee": int, "at": float, "due": float, "repaid_at": float}, pk="id"
    )
    db.table("promised_payments").create_index(["msisdn"])
    # A transfer that waits for its code, of which there is one for a number; `code` is a digest
    db.table("transfers").create(
        {"msisdn": str, "other": str, "kopecks": int, "code": str, "at": float, "failures": int}, pk="msisdn"
    )
    # Who asked whose balance, and until when he may see it; NULL while the other has not said yes
    db.table("balance_consents").create(
        {"msisdn": str, "asker": str, "asked_at": float, "until": float}, pk=("msisdn", "asker")
    )
    db.table("traffic_notices").create({"msisdn": str}, pk="msisdn")
