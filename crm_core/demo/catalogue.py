"""What the demo shop sells: categories with their price level and season, twelve products each.

Prices are major units at the level of a dollar or euro shop: an average order of about 80.
"""

from dataclasses import dataclass

import numpy as np

from crm_core.demo.columns import Floats, Ints

PRODUCTS_PER_CATEGORY = 12


@dataclass(frozen=True)
class Category:
    """One category."""

    name: str
    share: float
    lines: float  # mean of lines beyond the first, per order
    quantity: float  # mean of pieces beyond the first, per line
    season: tuple[float, ...]  # twelve factors, January first
    products: tuple[tuple[str, float], ...]  # name, list price


CATEGORIES = (
    Category(
        name="Fashion",
        share=0.20,
        lines=0.6,
        quantity=0.1,
        season=(1.0, 0.8, 1.1, 1.2, 1.1, 1.0, 0.9, 0.9, 1.2, 1.2, 1.1, 1.0),
        products=(
            ("Cotton T-shirt", 24.95),
            ("Crew socks, 5 pairs", 17.45),
            ("Linen shirt", 64.95),
            ("Slim jeans", 89.95),
            ("Printed scarf", 29.95),
            ("Summer dress", 94.95),
            ("Canvas sneakers", 109.95),
            ("Leather belt", 44.95),
            ("Wool jumper", 124.95),
            ("Silk saree", 199.95),
            ("Rain jacket", 164.95),
            ("Winter coat", 299.95),
        ),
    ),
    Category(
        name="Grocery",
        share=0.17,
        lines=2.4,
        quantity=0.9,
        season=(1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.9, 0.9, 1.0, 1.0, 1.0, 1.1),
        products=(
            ("Basmati rice, 1 kg", 8.25),
            ("Green tea, 50 bags", 11.00),
            ("Ground coffee, 250 g", 16.25),
            ("Dark chocolate", 7.47),
            ("Rolled oats, 1 kg", 9.45),
            ("Olive oil, 500 ml", 27.45),
            ("Mango pickle", 6.47),
            ("Peanut butter", 13.95),
            ("Mixed nuts, 500 g", 24.95),
            ("Forest honey", 19.25),
            ("Spice box", 32.45),
            ("Ghee, 1 l", 34.95),
        ),
    ),
    Category(
        name="Books",
        share=0.16,
        lines=0.9,
        quantity=0.05,
        season=(1.0, 0.9, 0.9, 0.9, 0.9, 1.0, 1.1, 1.2, 1.2, 1.0, 1.1, 1.3),
        products=(
            ("Paperback novel", 17.45),
            ("Crime thriller", 19.95),
            ("Children's picture book", 14.95),
            ("Pocket poetry", 9.95),
            ("Cookbook", 39.95),
            ("Travel guide", 32.45),
            ("History of ideas", 29.95),
            ("Graphic novel", 37.45),
            ("Language course", 44.95),
            ("Programming handbook", 74.95),
            ("Art monograph", 99.95),
            ("Collected works, boxed", 174.95),
        ),
    ),
    Category(
        name="Home",
        share=0.13,
        lines=0.5,
        quantity=0.3,
        season=(1.1, 0.9, 1.1, 1.2, 1.1, 0.9, 0.8, 0.9, 1.0, 1.1, 1.1, 1.0),
        products=(
            ("Scented candle", 19.95),
            ("Kitchen towels, set of 4", 17.45),
            ("Stoneware mug", 14.95),
            ("Cushion cover", 24.95),
            ("Bed linen", 89.95),
            ("Desk lamp", 74.95),
            ("Cast-iron pan", 114.95),
            ("Storage basket", 39.95),
            ("Wall clock", 59.95),
            ("Wool rug", 349.95),
            ("Bookshelf", 274.95),
            ("Espresso machine", 649.95),
        ),
    ),
    Category(
        name="Beauty",
        share=0.11,
        lines=1.0,
        quantity=0.2,
        season=(0.9, 1.1, 1.1, 1.0, 1.1, 1.0, 1.0, 0.9, 0.9, 1.0, 1.0, 1.2),
        products=(
            ("Lip balm", 7.45),
            ("Hand cream", 12.45),
            ("Herbal shampoo", 19.95),
            ("Face wash", 14.95),
            ("Sunscreen SPF 50", 27.45),
            ("Clay mask", 22.45),
            ("Hair oil", 16.45),
            ("Mascara", 32.45),
            ("Vitamin C serum", 44.95),
            ("Night cream", 54.95),
            ("Eau de parfum", 139.95),
            ("Gift set", 99.95),
        ),
    ),
    Category(
        name="Electronics",
        share=0.10,
        lines=0.35,
        quantity=0.03,
        season=(0.9, 0.8, 0.9, 0.9, 0.9, 0.9, 0.9, 1.0, 1.1, 1.2, 1.6, 1.3),
        products=(
            ("USB-C cable", 19.95),
            ("Phone case", 29.95),
            ("Wall charger, 65 W", 64.95),
            ("Wireless mouse", 49.95),
            ("Earbuds", 124.95),
            ("Bluetooth speaker", 174.95),
            ("Power bank", 89.95),
            ("Fitness band", 199.95),
            ("Headphones", 399.95),
            ("E-reader", 599.95),
            ("Tablet", 1249.95),
            ("Laptop", 2749.95),
        ),
    ),
    Category(
        name="Sports",
        share=0.07,
        lines=0.5,
        quantity=0.15,
        season=(1.4, 0.9, 1.1, 1.2, 1.3, 1.3, 1.1, 1.0, 0.9, 0.8, 0.8, 0.9),
        products=(
            ("Water bottle", 19.95),
            ("Resistance bands", 29.95),
            ("Running socks", 17.45),
            ("Yoga mat", 59.95),
            ("Football", 44.95),
            ("Training shirt", 49.95),
            ("Swim goggles", 34.95),
            ("Badminton racket", 94.95),
            ("Dumbbells, pair", 124.95),
            ("Cricket bat", 164.95),
            ("Running shoes", 249.95),
            ("Tent for two", 374.95),
        ),
    ),
    Category(
        name="Toys",
        share=0.06,
        lines=0.6,
        quantity=0.1,
        season=(0.7, 0.7, 0.8, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 1.2, 1.9, 2.6),
        products=(
            ("Wooden puzzle", 22.45),
            ("Playing cards", 9.95),
            ("Colouring set", 17.45),
            ("Soft bear", 39.95),
            ("Building bricks", 74.95),
            ("Board game", 89.95),
            ("Toy train", 64.95),
            ("Doll", 49.95),
            ("Science kit", 79.95),
            ("Remote-control car", 124.95),
            ("Doll's house", 224.95),
            ("Balance bike", 274.95),
        ),
    ),
)

CATEGORY_NAMES = tuple(category.name for category in CATEGORIES)
PRODUCT_NAMES = tuple(tuple(name for name, _ in category.products) for category in CATEGORIES)
SHARES: Floats = np.array([category.share for category in CATEGORIES])
EXTRA_LINES: Floats = np.array([category.lines for category in CATEGORIES])
EXTRA_QUANTITY: Floats = np.array([category.quantity for category in CATEGORIES])

SEASONS: Floats = np.array([category.season for category in CATEGORIES]).T
"""Shape (12 months, categories)."""

PRICES_MINOR: Ints = np.array(
    [[round(price * 100) for _, price in category.products] for category in CATEGORIES], dtype=np.int64
)
"""Shape (categories, products)."""
