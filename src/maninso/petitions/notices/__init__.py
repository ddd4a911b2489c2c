"""Messages to send, stored in the same transaction as what they are about; the worker sends them (run/post.py).

Addresses live here alone: in a message until it is sent, and in a subscriber's row until they unsubscribe.
"""

from maninso.petitions.notices.allowances import MOST_MESSAGES, drop_lapsed_allowances, take_allowance
from maninso.petitions.notices.letters import send_due_letters
from maninso.petitions.notices.messages import (
    SEND,
    StoredMessage,
    ask_code,
    ask_confirmation,
    ask_subscription,
    drop_message,
    read_message,
    revive_messages,
    tell_desk,
)
from maninso.petitions.notices.subscribers import (
    AT_ONCE,
    GRACE,
    TELL,
    Subscription,
    announce,
    cancel_announcements,
    erase_address,
    make_token,
    read_subscription,
    subscribe,
    tell_subscribers,
    unsubscribe,
)

__all__ = [
    "AT_ONCE",
    "GRACE",
    "MOST_MESSAGES",
    "SEND",
    "TELL",
    "StoredMessage",
    "Subscription",
    "announce",
    "ask_code",
    "ask_confirmation",
    "ask_subscription",
    "cancel_announcements",
    "drop_lapsed_allowances",
    "drop_message",
    "erase_address",
    "make_token",
    "read_message",
    "read_subscription",
    "revive_messages",
    "send_due_letters",
    "subscribe",
    "take_allowance",
    "tell_desk",
    "tell_subscribers",
    "unsubscribe",
]
