"""A spider that follows links, with the settings that run.json beside it says: crawl.py scrapy."""

import json
import pathlib
from urllib.parse import urlsplit

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.linkextractors import LinkExtractor
from scrapy.spiders import CrawlSpider, Rule

RUN = json.loads((pathlib.Path(__file__).parent / "run.json").read_text())
SETTINGS = {
    "LOG_LEVEL": "ERROR",
    "TELNETCONSOLE_ENABLED": False,
    "CLOSESPIDER_PAGECOUNT": RUN["pages"],
    "DOWNLOAD_DELAY": RUN["pace_ms"] / 1000,
    "CONCURRENT_REQUESTS_PER_DOMAIN": RUN["at_once"],
    "ROBOTSTXT_OBEY": RUN["obeys"],
    "DOWNLOAD_TIMEOUT": 20,
    "RETRY_ENABLED": False,
}
if RUN["agent"]:
    SETTINGS["USER_AGENT"] = RUN["agent"]


class Books(CrawlSpider):
    name = "books"
    allowed_domains = [urlsplit(RUN["url"]).hostname]
    start_urls = [RUN["url"] + "/"]
    rules = (Rule(LinkExtractor(), callback="parse_item", follow=True),)

    def parse_item(self, response):
        yield {"title": response.css("h1::text").get()}


process = CrawlerProcess(SETTINGS)
process.crawl(Books)
process.start()
