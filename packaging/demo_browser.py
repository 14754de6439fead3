"""A browser for packaging/demo_check.py: keeps cookies, follows redirects, fills in forms. No scripts run in it."""

import http.cookiejar
import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser

PATIENCE = 30  # seconds until a page must have come


class Page(HTMLParser):
    """A page and its first form."""

    def __init__(self, status, url, text):
        super().__init__()
        self.status, self.url, self.text = status, url, text
        self.action = None
        self.fields = {}
        self.within = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form" and self.action is None:
            self.action = urllib.parse.urljoin(self.url, attrs.get("action") or "")
            self.within = True
        elif tag == "input" and self.within and attrs.get("name"):
            if attrs.get("type") == "checkbox" and "checked" not in attrs:
                return
            self.fields[attrs["name"]] = attrs.get("value") or ""

    def handle_endtag(self, tag):
        if tag == "form":
            self.within = False

    def __str__(self):
        return f"{self.url} (status {self.status})"


class Browser:
    def __init__(self):
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        # Pages on loopback need no proxy, whatever the environment says.
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies)

    def open(self, url, form=None):
        """Opens an address, or sends a form there, and goes on wherever that leads."""
        request = urllib.request.Request(url)
        if form is not None:
            request.data = urllib.parse.urlencode(form).encode()
            parts = urllib.parse.urlsplit(url)
            request.add_header("Origin", f"{parts.scheme}://{parts.netloc}")
        try:
            with self.opener.open(request, timeout=PATIENCE) as answer:
                return Page(answer.status, answer.url, answer.read().decode())
        except urllib.error.HTTPError as error:
            return Page(error.code, error.url, error.read().decode(errors="replace"))

    def submit(self, page, **typed):
        """Fills in a page's form and sends it."""
        return self.open(page.action, {**page.fields, **typed})
