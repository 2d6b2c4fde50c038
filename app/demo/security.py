"""Who may do what: directories, groups, logins, and people who should not be there."""

from __future__ import annotations

from app.demo.story import Story, ack, calm, cause, close, did, like, move, note, own, ran, role, todo, work

STORIES: tuple[Story, ...] = (
    Story(
        key="ldap-groups",
        title="Directory sync removed 212 people from their groups",
        ago="30d6h",
        clock="08:05",
        by="tomasz",
        level="P2 high",
        kind=("user_access_issues", "security", "it_infrastructure"),
        description="They can log in, but see nothing. All of them have an umlaut or an accent in their name.",
        tags=("ldap", "identity"),
        resources=("ldap-1:high", "directory-sync:high"),
        originators=("Service desk",),
        impact=22,
        detected=3,
        steps=(
            *work("tomasz", seen=2, reviewed=5, validated=6),
            note(12, "tomasz", "HR export changed to UTF-16 over night. sync read half of each name and found nobody"),
            did(40, "tomasz", "Put the groups back from the backup of 02:00"),
            calm(44, "tomasz", "all 212 are in their groups again"),
            cause(60, "tomasz", "The sync takes an unreadable name for a person who has left"),
            move(90, "tomasz", "resolved", "Groups are right, the sync stops when more than 20 people would leave."),
            todo(95, "tomasz", "Verify privileged groups against the identity list every hour", "priya", 14),
            close(3_000, "mei", waive="Reviewed together with the identity team."),
        ),
    ),
    Story(
        key="matt-darker",
        title="Unexpected member matt-darker in the security group founders",
        ago="4h15m",
        by="ldap-verifier",
        alert=True,
        level="P2 high",
        kind=("security_breach", "security", "it_infrastructure"),
        description="The LDAP Verifier Governance Action Service compared the access control groups of Coco "
        "Pharmaceuticals' LDAP server with the known user identities. The userId `matt-darker` is a member of "
        "`founders` and is in no list. Either our list is out of date, or somebody is where he should not be.",
        tags=("ldap", "access-control"),
        resources=("security group founders:high", "Coco Pharmaceuticals LDAP server:medium"),
        originators=("LDAP Verifier Governance Action Service", "Engine host cocoGovernance01"),
        impact=190,
        detected=1,
        steps=(
            ack(6, "priya"),
            own(7, "priya"),
            like(8, "priya", "ldap-groups", "follow-on", "its follow-up is the check that found this"),
            move(12, "priya", "reviewed"),
            role(13, "priya", "tomasz", "expert"),
            ran(
                19,
                "tomasz",
                "ldapsearch -LLL -b ou=groups,dc=coco,dc=example cn=founders modifiersName",
                0,
                "cn: founders\nmodifiersName: uid=svc-provision",
            ),
            note(
                24,
                "tomasz",
                "added by the *provisioning account* three hours before the check ran, not by a person",
                star=True,
            ),
            note(31, "priya", "HR: no Matt Darker, never was. the founders know none either (asked both)", star=True),
            move(33, "priya", "validated", "No list is out of date. Treating it as an intrusion."),
            did(38, "tomasz", "Took matt-darker out of founders and locked the account, kept both records"),
            note(44, "tomasz", "key of svc-provision is replaced", back=5),
            note(
                70,
                "mei",
                "two files of the founders' share were opened seven minutes after he got in, list is with legal",
                star=True,
            ),
            note(
                140, "priya", "the key lay in a build log that every contractor can read. for *three months*", star=True
            ),
            cause(150, "priya", "The provisioning key stood in a build log that many can read"),
            note(205, "priya", "external forensics call back at five. nobody deletes ANYTHING until then please"),
        ),
    ),
    Story(
        key="phishing",
        title="A page on another domain copies our login",
        ago="48d10h",
        clock="17:20",
        by="mei",
        level="P2 high",
        kind=("security_breach", "security", "website_or_web_application"),
        description="Reported by a customer who was suspicious of the address.",
        tags=("phishing",),
        resources=("identity-web:medium",),
        originators=("A customer in Porto",),
        steps=(
            *work("mei", seen=3, reviewed=8, validated=10),
            note(20, "mei", "registrar and hoster have our abuse mails, the bank of the card too"),
            calm(190, "mei", "browsers warn of the page now"),
            did(200, "priya", "Forced a new password for the 9 accounts that logged in from there"),
            move(1_600, "mei", "resolved", "The page is gone, nine accounts reset, no order placed from them."),
            close(3_100, "priya", waive="Handled by the security team's own report."),
        ),
    ),
    Story(
        key="night-login",
        title="Unknown administrator login at 03:12",
        ago="26d15h",
        clock="03:14",
        by="priya",
        level="P2 high",
        kind=("security_breach", "security", "it_infrastructure"),
        description="A login to the hypervisor console from an address nobody knows.",
        tags=("login",),
        resources=("hypervisor-console:high",),
        steps=(
            ack(2, "tomasz"),
            own(2, "tomasz"),
            move(5, "tomasz", "reviewed"),
            note(
                21, "tomasz", "it is the scanner we pay for, they moved to new addresses and told sales instead of us"
            ),
            move(25, "tomasz", "invalid", "The yearly scan, from new addresses. They are on the list now."),
        ),
    ),
)
