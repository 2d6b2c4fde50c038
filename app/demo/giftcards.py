"""The one that everybody still talks about: told to its end, with its post-mortem written and published."""

from __future__ import annotations

from app.demo.story import (
    Story,
    ack,
    calm,
    cause,
    close,
    did,
    firing,
    like,
    move,
    note,
    own,
    publish,
    ran,
    role,
    silent,
    todo,
    write,
)  # fmt: skip

_SUMMARY = """\
For 52 minutes customers who looked at a gift card could see the balance, and some of them the e-mail
address, of somebody else. A cache in front of the gift card service kept answers under a key without the customer's
number.

Nobody could *spend* another person's balance: paying goes past the cache."""
_IMPACT = """\
- 1,134 customers saw a balance that was not theirs; the address shown was masked in 1,019 of these cases.
- 61 chats and 12 calls at support, gift cards off for 1 h 57 min, about 3,900 EUR of sales put off.
- The data protection officer reported it within 24 hours; all who were concerned were told by e-mail."""
_CAUSES = """\
- The cache rule was written for pages, and the new balance endpoint lies under the same path.
- The endpoint sent no `Cache-Control`, and the proxy's default is to keep answers for five minutes.
- The test environment has no proxy, so no test could see it.
- Two reviews looked at the service and at the proxy, none at both together."""
_RESOLUTION = """\
The flag `giftcards` was switched off (14 minutes after it was raised), then the cache was emptied, the rule bound
to the exact path and the endpoint set to `Cache-Control: private, no-store`. Two people checked with two accounts
through the public address before it was switched on again."""
_DETECTION = """\
A customer told support. No alert could have: every answer was a correct 200. The chat reached us after 31 minutes,
because the first agent took it for a mistake of the customer's."""
_WELL = """\
- The flag. One switch, no deploy, and everybody knew where it is.
- Support had names and times of the first callers at once; this gave us the key of the cache in ten minutes.
- The data protection officer was in the call from the start."""
_BADLY = """\
- Half an hour from the first chat to the first responder. There was no word for "this may be data" in support's form.
- Nobody on call could empty the proxy's cache; the right was bound to one team, and that team was on a train.
- We looked at the database for 20 minutes, since that is where a wrong balance usually comes from."""
_LUCKY = """\
- It was a slow day for gift cards.
- The page with the address was in the release only for one customer in five."""

STORIES: tuple[Story, ...] = (
    Story(
        key="gift-cards",
        title="Gift card balances are shown to the wrong customers",
        ago="24d5h",
        clock="13:25",
        by="mei",
        level="P1 critical",
        kind=("security_breach", "applications", "payment_processing"),
        description="Two customers say that they see a balance, and one an e-mail address, that is not theirs.",
        tags=("gift-cards", "personal-data"),
        resources=("giftcard-service:critical", "edge-cache:high"),
        originators=("Customer support", "A customer in Ghent"),
        impact=38,
        detected=7,
        steps=(
            ack(2, "ana"),
            own(3, "ana"),
            move(4, "ana", "reviewed"),
            role(4, "ana", "ana", "commander"),
            role(5, "ana", "mei", "communications"),
            move(6, "ana", "validated"),
            note(8, "ana", "treating this as a **data incident** until we know better", star=True),
            note(12, "priya", "db rows are right. looked at 20 of them. so it is between us and the browser"),
            calm(14, "ana", "flag `giftcards` is off, page says 'back soon'"),
            note(19, "mei", "legal and the data protection officer are in the call", back=8, star=True),
            ran(24, "jonas", "curl -sI https://shop.example/giftcards/balance", 0, "age: 211\nx-cache: HIT"),
            note(26, "jonas", "x-cache: HIT on a *balance*. there it is", star=True),
            firing(31, "EdgeCacheHitRatio", "hit ratio of /giftcards is 0.62, was 0.00"),
            note(
                40,
                "jonas",
                "cannot purge, rights are with the edge team and they do not answer. calling Lena's private number",
            ),
            ran(58, "jonas", "edgectl purge --path '/giftcards/*'", 0, "purged 8812 objects"),
            did(60, "jonas", "Emptied the cache below /giftcards"),
            cause(70, "jonas", "The cache key has no customer number, and the endpoint did not forbid keeping"),
            cause(72, "priya", "The test environment has no edge proxy"),
            did(110, "priya", "Set Cache-Control: private, no-store on every answer about a person"),
            silent(116, "EdgeCacheHitRatio", "hit ratio of /giftcards is 0.00"),
            note(
                131,
                "priya",
                "two accounts, two browsers, public address: everybody sees their own. flag is on",
                star=True,
            ),
            move(
                140,
                "ana",
                "resolved",
                "Cache rule bound to the exact path, endpoint says no-store, checked with two accounts.",
            ),
            todo(150, "ana", "Put an edge proxy into the test environment", "priya", 30),
            todo(151, "ana", "Let whoever is on call empty the edge cache", "jonas", 7),
            todo(152, "ana", "Give support's form a box 'may concern personal data' that pages us", "mei", 14),
            todo(153, "ana", "Fail the build when an endpoint about a person sends no Cache-Control", "priya", 45),
            write(1_500, "ana", summary=_SUMMARY, impact=_IMPACT, causes=_CAUSES, resolution=_RESOLUTION),
            write(1_620, "mei", detection=_DETECTION, went_well=_WELL),
            write(
                2_900, "ana", went_badly=_BADLY, lucky=_LUCKY, title="Somebody else's gift card: a cache without a name"
            ),
            publish(5_800, "ana"),
            close(5_805, "ana"),
        ),
    ),
    Story(
        key="edge-purge",
        title="Edge cache: purge rights of on-call are missing",
        ago="23d",
        by="jonas",
        level="P3 medium",
        kind=("user_access_issues", "cloud", "it_infrastructure"),
        description="Found while gift cards were off: on-call may read the edge configuration, not empty the cache.",
        tags=("edge", "rights"),
        resources=("edge-cache",),
        steps=(
            like(3, "jonas", "gift-cards", "follow-on", "found in its course"),
            ack(40, "tomasz"),
            own(41, "tomasz"),
            move(50, "tomasz", "reviewed"),
            move(600, "tomasz", "resolved", "Role on-call has purge now, tried by two people."),
            close(2_000, "tomasz"),
        ),
    ),
)
