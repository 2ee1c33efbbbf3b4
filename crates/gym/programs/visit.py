"""Headless Chromium by Selenium: visit.py chromedriver. Reads run.json beside it."""

import json
import os
import pathlib
import random
import time

from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

HERE = pathlib.Path(__file__).parent
RUN = json.loads((HERE / "run.json").read_text())
CHANCE = random.Random(RUN["seed"])


def opened():
    options = webdriver.ChromeOptions()
    for argument in os.environ["GYM_CHROMIUM_ARGS"].split("\n"):
        options.add_argument(argument)
    options.add_argument("--headless=new")
    if RUN["agent"]:
        options.add_argument("--user-agent=" + RUN["agent"])
    options.binary_location = os.environ["GYM_CHROMIUM"]
    return webdriver.Chrome(options, webdriver.ChromeService(os.environ["GYM_CHROMEDRIVER"]))


def look_around(browser):
    """Reads as long as a person might, and moves the pointer and the page meanwhile."""
    for _ in range(CHANCE.randint(1, 3)):
        time.sleep(min(CHANCE.lognormvariate(0.2, 0.7), 6))
        browser.execute_script("window.scrollBy({top: arguments[0], behavior: 'smooth'})", CHANCE.randint(60, 400))
        ActionChains(browser).move_by_offset(CHANCE.randint(1, 20), CHANCE.randint(1, 20)).perform()


def go(browser, at, target):
    links = browser.find_elements(By.CSS_SELECTOR, "li a, nav a") if RUN["follows"] and at else []
    if links:
        browser.execute_script("arguments[0].click()", CHANCE.choice(links))
    else:
        browser.get(RUN["url"] + target)


def main():
    browser = opened()
    try:
        for at, target in enumerate(RUN["targets"]):
            go(browser, at, target)
            if RUN["paused"]:
                look_around(browser)
    finally:
        browser.quit()


main()
