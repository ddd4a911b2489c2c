"""Petitions' texts become harmless HTML, whatever is written."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maninso.web.shared.markup import TAGS, render_markup


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("One\ntwo", "<p>One<br>\ntwo</p>\n"),
        ("One\n\ntwo", "<p>One</p>\n<p>two</p>\n"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        ("3. c\n4. d", '<ol start="3">\n<li>c</li>\n<li>d</li>\n</ol>\n'),
        ("**b** *i*", "<p><strong>b</strong> <em>i</em></p>\n"),
        ("> q", "<blockquote>\n<p>q</p>\n</blockquote>\n"),
        ("# no heading", "<p># no heading</p>\n"),
        ("![no](image.png)", '<p>!<a href="image.png" rel="nofollow noopener ugc">no</a></p>\n'),
        ("[x](https://a.example)", '<p><a href="https://a.example" rel="nofollow noopener ugc">x</a></p>\n'),
        ("<b>tag</b> & more", "<p>&lt;b&gt;tag&lt;/b&gt; &amp; more</p>\n"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>\n"),
    ],
)
def test_a_small_part_of_markdown(text: str, html: str) -> None:
    assert render_markup(text) == html


@given(st.text(alphabet=st.sampled_from("<>\"'&=/ ()[]!*_-`:javascript\nonerrorimgsrc#1."), max_size=200))
def test_nothing_but_the_allowed_tags_comes_out(text: str) -> None:
    html = render_markup(text)
    assert {name.lower() for name in re.findall(r"</?([a-zA-Z]+)", html)} <= TAGS
    for attributes in re.findall(r"<[a-z]+([^>]*)>", html):
        assert re.fullmatch(r'( (?:href="[^"]*"|rel="nofollow noopener ugc"|start="\d+"))*', attributes), html
    assert not re.search(r'href="\s*javascript', html, re.IGNORECASE)
