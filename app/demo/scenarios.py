"""All sample incidents, by theme."""

from __future__ import annotations

from app.demo import giftcards, network, office, platform, security, shop, stores
from app.demo.story import Story

STORIES: tuple[Story, ...] = (
    *shop.STORIES,
    *giftcards.STORIES,
    *stores.STORIES,
    *network.STORIES,
    *platform.STORIES,
    *security.STORIES,
    *office.STORIES,
)
