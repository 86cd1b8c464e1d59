"""One story in the shapes that content systems give their pages: what cleaning must find again in each. Written by us."""

from __future__ import annotations

TITLE = "Ferry strike ends after nine days"
DAY = "2024-05-17"
AUTHOR = "Ines Valtorta"
STORY = (
    "LOWMERE, May 17 (Coastwire) — Crews of the island ferries went back to work on Friday after a strike of nine days, their union said.",
    "The company agreed to pay more for night shifts, and to hire forty people before the summer begins.",
    "“Nobody won,” said Orla Fenn, who led the talks for the crews, before she took the first boat home.",
    "Grocers on the outer islands had run short of fruit and fuel, and the navy had sent two vessels with supplies.",
    "The regional parliament will hear both sides next week; a law on services that may not stop is being drafted.",
)
_P = "".join(f"<p>{p}</p>" for p in STORY)
_MENU = "<ul>" + "".join(f'<li><a href="/{n}">Section {n} of the paper</a></li>' for n in range(12)) + "</ul>"
_MORE = "".join(
    f'<div class="card"><a href="/s{n}">Another story that people may want to read now</a><p>A line which says what it tells.</p></div>'
    for n in range(5)
)
_LD = f'<script type="application/ld+json">{{"@context":"https://schema.org","@graph":[{{"@type":"NewsArticle","headline":"{TITLE}","datePublished":"{DAY}T09:30:00+02:00","author":{{"@type":"Person","name":"{AUTHOR}"}}}}]}}</script>'
_META = f'<meta property="article:published_time" content="{DAY}T09:30:00+02:00"><meta name="author" content="{AUTHOR}"><meta property="og:title" content="{TITLE}">'
_HEAD = f"<!DOCTYPE html><html lang='en'><head><title>{TITLE} | The Lowmere Post</title>"

SHAPES = {
    "wordpress": f"""{_HEAD}{_LD}</head><body class="post-template single has-sidebar"><nav>{_MENU}</nav><article class="post type-post hentry"><h1 class="entry-title">{TITLE}</h1>
        <div class="entry-content">{_P}<div class="sharedaddy sd-sharing"><h3>Share this:</h3></div><div class="jp-relatedposts"><p>Related: {_MORE}</p></div></div></article>
        <div id="comments" class="comments-area"><p>I have lived on the islands for forty years, and I have never seen a strike like this one before, not once.</p></div></body></html>""",
    "drupal": f"""{_HEAD}{_META}</head><body><div class="region region-sidebar">{_MENU}</div><div id="block-content"><h1>{TITLE}</h1><div class="field field--name-body field--type-text-with-summary"><div class="field__item">{_P}</div></div></div>
        <div class="view view-latest">{_MORE}</div><footer>Copyright The Lowmere Post</footer></body></html>""",
    "blogger": f"""{_HEAD}</head><body><div class="widget Header"><h1>The Lowmere Post</h1></div><div class="date-header"><span>Friday, 17 May 2024</span></div><div class="widget Blog" id="Blog1"><div class="post hentry"><h3 class="post-title entry-title">{TITLE}</h3>
        <div class="post-body entry-content">{"<br><br>".join(STORY)}</div><span class="post-author vcard">Posted by <span class="fn">{AUTHOR}</span></span></div></div><div class="widget LinkList">{_MENU}</div></body></html>""",
    "teasers_around": f"""{_HEAD}{_META}</head><body><div class="teasers">{_MORE}</div><main><header><h1>{TITLE}</h1><p class="teaser-text">{STORY[0]}</p></header><div class="story-body">{"".join(f"<p>{p}</p>" for p in STORY[1:])}
        <h2>Related articles</h2>{_MORE}</div></main></body></html>""",
    "cut_by_advertising": f"""{_HEAD}{_META}</head><body><article><h1>{TITLE}</h1><section itemprop="articleBody"><p>{STORY[0]}</p><p>{STORY[1]}</p></section><div class="ad">Advertisement</div>
        <section itemprop="articleBody"><p>{STORY[2]}</p><p>{STORY[3]}</p></section><div class="newsletter"><p>Sign up and get the best of the Post in your inbox every day before breakfast.</p></div><section itemprop="articleBody"><p>{STORY[4]}</p></section></article></body></html>""",
    "form_around_all": f"""{_HEAD}</head><body><form id="aspnetForm" method="post"><div class="sidebar-enabled"><div id="menu">{_MENU}</div><div id="content"><h1>{TITLE}</h1><span class="date">17 May 2024</span><span class="author">{AUTHOR}</span>{_P}</div></div></form></body></html>""",
    "client_rendered": f"""{_HEAD}{_LD.replace('"author"', '"articleBody":"' + " ".join(STORY) + '","author"')}</head><body><div id="__next"></div><script src="/app.js"></script></body></html>""",
    "old_table": f"""{_HEAD}</head><body><table><tr><td width="150">{_MENU}</td><td><font size="5"><b><h1>{TITLE}</h1></b></font><p>By {AUTHOR}, 17 May 2024</p>{_P}</td></tr></table></body></html>""",
}  # fmt: skip
