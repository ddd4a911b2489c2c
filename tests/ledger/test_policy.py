"""A policy is read line by line, each fault is named with its line, and a quorum is met by whom it names."""

import itertools
from pathlib import Path

import pytest

from maninso import UnreadableError
from maninso.ledger.note import SignerKey, VerifierKey
from maninso.ledger.policy import PolicyError, parse_policy, read_policy

SIGNERS = {name: SignerKey(f"witness.example/{name}", name.encode() * 32) for name in "abcdef"}
LOG = SignerKey("petitions.example/log", b"s" * 32).verifier


def vkey(name: str) -> str:
    return SIGNERS[name].cosigner.render()


def keys(names: str) -> list[VerifierKey]:
    return [SIGNERS[name].cosigner for name in names]


TWO_LEVELS = f"""# Whom we trust
log {LOG.render()} https://petitions.example/log

witness X1 {vkey("a")}
\twitness  X2\t{vkey("b")}  https://x2.example \t
witness X3 {vkey("c")}
group X-witnesses 2 X1 X2 X3

  # the others
witness Y1 {vkey("d")}
witness Y2 {vkey("e")}
group Y-witnesses any Y1 Y2
group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
""".encode()


def test_a_policy_is_read_whole():
    policy = parse_policy(TWO_LEVELS)
    assert [(log.key, log.url) for log in policy.logs] == [(LOG, "https://petitions.example/log")]
    assert [(each.name, each.url) for each in policy.witnesses] == [
        ("X1", ""),
        ("X2", "https://x2.example"),
        ("X3", ""),
        ("Y1", ""),
        ("Y2", ""),
    ]
    assert policy.witness_keys == keys("abcde")
    assert (policy.groups["X-witnesses"].needed, policy.groups["X-and-Y"].needed) == (2, 2)


def test_a_quorum_of_two_levels_is_met_by_exactly_these():
    policy = parse_policy(TWO_LEVELS)
    for number in range(6):
        for names in itertools.combinations("abcde", number):
            some = "".join(names)
            met = sum(name in some for name in "abc") >= 2 and any(name in some for name in "de")
            assert policy.is_met(keys(some)) is met
    assert policy.is_met(keys("f")) is False


def test_a_single_witness_and_no_quorum():
    assert parse_policy(b"quorum none\n").is_met([]) is True
    policy = parse_policy(f"witness one {vkey('a')}\nquorum one\n".encode())
    assert (policy.is_met([]), policy.is_met(keys("a")), policy.is_met(keys("b"))) == (False, True, False)


def test_bytes_above_ascii_are_names_too():
    policy = parse_policy(f"# 증인\nwitness 도서관 {vkey('a')}\nquorum 도서관\n".encode())
    assert policy.is_met(keys("a")) is True
    assert parse_policy(b"witness \xff\xfe " + vkey("a").encode() + b"\nquorum \xff\xfe\n").is_met(keys("a")) is True


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no quorum line"),
        ("# nothing\n", "has no quorum line"),
        ("quorum none", "line 1: the last line does not end"),
        ("quorum none\nquorum none\n", "line 2: there is a quorum line already"),
        ("quorum x\n", "line 1: 'x' is defined on no line before"),
        (f"quorum one\nwitness one {vkey('a')}\n", "line 1: 'one' is defined on no line before"),
        ("\n\nwitness one\n", "line 3: 'witness one' is no line of a policy"),
        ("Quorum none\n", "line 1: 'Quorum none' is no line of a policy"),
        ("quorum none # really\n", "line 1: 'quorum none # really' is no line of a policy"),
        ("log nonsense\n", "line 1: 'nonsense' is not a log's key"),
        (f"log {vkey('a')}\n", "line 1: the key witness.example/a is not a log's key"),
        (f"witness one {LOG.render()}\n", "line 1: the key petitions.example/log is not a witness's key"),
        (f"log {LOG.render()}\nlog {LOG.render()}\n", "line 2: this log's key is there already"),
        (f"witness one {vkey('a')}\nwitness two {vkey('a')}\n", "line 2: this witness's key is there already"),
        (f"witness one {vkey('a')}\nwitness one {vkey('b')}\n", "line 2: the name 'one' is taken"),
        (f"witness none {vkey('a')}\n", "line 1: the name 'none' stands for no quorum"),
        (f"witness one {vkey('a')}\ngroup one 1 one\n", "line 2: the name 'one' is taken"),
        (f"witness one {vkey('a')}\ngroup g all none\n", "line 2: 'none' is defined on no line before"),
        (f"witness one {vkey('a')}\ngroup g 1 g\n", None),
        (f"witness one {vkey('a')}\ngroup g 2 one\n", "line 2: '2' is neither all, any, nor a number from 1 to 1"),
        (f"witness one {vkey('a')}\ngroup g 0 one\n", "line 2: '0' is neither all, any, nor a number from 1 to 1"),
        (f"witness one {vkey('a')}\ngroup g 01 one\n", "line 2: '01' is neither all, any, nor a number from 1 to 1"),
        (f"witness one {vkey('a')}\ngroup g all\n", "line 2: 'group g all' is no line of a policy"),
        (f"witness one {vkey('a')}\ngroup g 1 one one\n", "line 2: 'one' is a member already"),
        (f"witness one {vkey('a')}\ngroup g 1 one\ngroup h 1 one\n", "line 3: 'one' is a member already"),
        ("quorum none\r\n", "line 1: there is a control character in it"),
        ("quorum\x7fnone\n", "line 1: there is a control character in it"),
    ],
)
def test_each_fault_is_named_with_its_line(text, says):
    if says is None:  # a group defines its name first, so it can be a member of itself by name only
        says = "line 2"
        text = text.replace("group g 1 g", "group g 1 h")
    with pytest.raises(PolicyError) as caught:
        parse_policy(text.encode(), name="my.policy")
    assert str(caught.value).startswith("my.policy")
    assert says in str(caught.value)
    assert caught.value.exit_status == 2


def test_a_group_is_no_member_of_itself():
    with pytest.raises(PolicyError, match="line 1: 'g' is defined on no line before"):
        parse_policy(b"group g 1 g\nquorum g\n")


def test_a_policy_that_is_not_there_leaves_nothing_known(tmp_path: Path):
    with pytest.raises(UnreadableError, match=r"none\.policy could not be read"):
        read_policy(tmp_path / "none.policy")
    with pytest.raises(PolicyError, match="longer"):
        parse_policy(b"#" * 1_000_001)
