"""The bytes of the specification, spelled out."""

import hashlib
import hmac
import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitwirkung.lottery import encoding


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_every_tag_is_followed_by_its_fields_each_with_a_line_break() -> None:
    token = "0" * 32
    assert encoding.handle(token) == sha(f"mitwirkung-handle-1\n{token}\n")
    assert encoding.lot_handle(["b", "a"]) == sha("mitwirkung-lot-1\na\nb\n")
    assert encoding.leaf("t", "c", "{}") == sha("mitwirkung-leaf-1\nt\nc\n{}\n")
    assert encoding.pool_digest(["y", "x"]) == sha("mitwirkung-pool-1\nx\ny\n")
    assert encoding.draw_number("C", "s") == sha("mitwirkung-draw-1\nC\ns\n")[:12]
    assert encoding.rank("C", "s", "lot") == sha("mitwirkung-rank-1\nC\ns\nlot\n")
    assert encoding.rank("C", "s", "lot", "2") == sha("mitwirkung-rank-1\nC\ns\nlot\n2\n")


def test_token_is_the_start_of_an_hmac() -> None:
    key = b"k" * 32
    message = b"mitwirkung-token-1\nevent\nid\n"
    expected = hmac.new(key, message, "sha256").hexdigest()[:32]
    assert encoding.token_from_key(key, "event", "id") == expected


def test_equal_looking_texts_have_equal_hashes() -> None:
    assert encoding.tagged_hash("t", ["Stra\u0308ße"]) == encoding.tagged_hash("t", ["Sträße"])


@pytest.mark.parametrize("field", ["a\nb", "\n"])
def test_a_line_break_is_refused(field: str) -> None:
    with pytest.raises(encoding.UnfitText):
        encoding.tagged_hash("t", [field])


def test_canonical_json_is_raw_sorted_and_without_blanks() -> None:
    value = {"ß": [1, True, None], "a": 'x"\n\u0001', "B": {}}
    expected = '{"B":{},"a":"x\\"\\n\\u0001","ß":[1,true,null]}'
    assert encoding.canonical_json(value) == expected.encode()


def test_keys_are_sorted_after_normalisation() -> None:
    # decomposed u+diaeresis sorts before v, composed after z
    assert encoding.canonical_json({"u\u0308": 1, "z": 2}) == '{"z":2,"ü":1}'.encode()


def test_a_mark_after_an_escape_does_not_fall_on_its_letter() -> None:
    data = encoding.canonical_json(["\n\u0301", "u\u0308"])
    assert json.loads(data) == ["\n\u0301", "ü"]
    assert encoding.canonical_json(json.loads(data)) == data


@pytest.mark.parametrize("value", [0.5, {"a": [1.0]}, float("nan"), float("inf")])
def test_floats_are_refused(value: object) -> None:
    with pytest.raises(TypeError):
        encoding.canonical_json(value)


def test_half_a_character_is_refused() -> None:
    with pytest.raises(encoding.UnfitText):
        encoding.canonical_json("\ud800")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
        lambda inner: st.lists(inner) | st.dictionaries(st.text("abß"), inner),
    )
)
def test_canonical_json_can_be_read_and_written_again(value: object) -> None:
    data = encoding.canonical_json(value)
    assert encoding.canonical_json(json.loads(data)) == data


@given(st.fractions(min_value=-2, max_value=2))
def test_decimal_text_is_within_half_a_unit(value: Fraction) -> None:
    text = encoding.decimal_text(value)
    assert abs(Fraction(text) - value) <= Fraction(1, 2 * 10**12)
    assert len(text.partition(".")[2]) == 12
    assert not text.startswith("-0.000000000000")
