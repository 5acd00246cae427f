"""What the demo shop sells: categories with their price level and season, twelve products each.

Prices are major units at the level of a rupee shop (an average order of about 1,600), so that the
examples people try first, such as ``spend > 10000``, reach about a sixth of the customers. In each
category the products that sell best come first.
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
            ("Cotton T-shirt", 499.0),
            ("Crew socks, 5 pairs", 349.0),
            ("Linen shirt", 1299.0),
            ("Slim jeans", 1799.0),
            ("Printed scarf", 599.0),
            ("Summer dress", 1899.0),
            ("Canvas sneakers", 2199.0),
            ("Leather belt", 899.0),
            ("Wool jumper", 2499.0),
            ("Silk saree", 3999.0),
            ("Rain jacket", 3299.0),
            ("Winter coat", 5999.0),
        ),
    ),
    Category(
        name="Grocery",
        share=0.17,
        lines=2.4,
        quantity=0.9,
        season=(1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.9, 0.9, 1.0, 1.0, 1.0, 1.1),
        products=(
            ("Basmati rice, 1 kg", 165.0),
            ("Green tea, 50 bags", 220.0),
            ("Ground coffee, 250 g", 325.0),
            ("Dark chocolate", 149.5),
            ("Rolled oats, 1 kg", 189.0),
            ("Olive oil, 500 ml", 549.0),
            ("Mango pickle", 129.5),
            ("Peanut butter", 279.0),
            ("Mixed nuts, 500 g", 499.0),
            ("Forest honey", 385.0),
            ("Spice box", 649.0),
            ("Ghee, 1 l", 699.0),
        ),
    ),
    Category(
        name="Books",
        share=0.16,
        lines=0.9,
        quantity=0.05,
        season=(1.0, 0.9, 0.9, 0.9, 0.9, 1.0, 1.1, 1.2, 1.2, 1.0, 1.1, 1.3),
        products=(
            ("Paperback novel", 349.0),
            ("Crime thriller", 399.0),
            ("Children's picture book", 299.0),
            ("Pocket poetry", 199.0),
            ("Cookbook", 799.0),
            ("Travel guide", 649.0),
            ("History of ideas", 599.0),
            ("Graphic novel", 749.0),
            ("Language course", 899.0),
            ("Programming handbook", 1499.0),
            ("Art monograph", 1999.0),
            ("Collected works, boxed", 3499.0),
        ),
    ),
    Category(
        name="Home",
        share=0.13,
        lines=0.5,
        quantity=0.3,
        season=(1.1, 0.9, 1.1, 1.2, 1.1, 0.9, 0.8, 0.9, 1.0, 1.1, 1.1, 1.0),
        products=(
            ("Scented candle", 399.0),
            ("Kitchen towels, set of 4", 349.0),
            ("Stoneware mug", 299.0),
            ("Cushion cover", 499.0),
            ("Bed linen", 1799.0),
            ("Desk lamp", 1499.0),
            ("Cast-iron pan", 2299.0),
            ("Storage basket", 799.0),
            ("Wall clock", 1199.0),
            ("Wool rug", 6999.0),
            ("Bookshelf", 5499.0),
            ("Espresso machine", 12999.0),
        ),
    ),
    Category(
        name="Beauty",
        share=0.11,
        lines=1.0,
        quantity=0.2,
        season=(0.9, 1.1, 1.1, 1.0, 1.1, 1.0, 1.0, 0.9, 0.9, 1.0, 1.0, 1.2),
        products=(
            ("Lip balm", 149.0),
            ("Hand cream", 249.0),
            ("Herbal shampoo", 399.0),
            ("Face wash", 299.0),
            ("Sunscreen SPF 50", 549.0),
            ("Clay mask", 449.0),
            ("Hair oil", 329.0),
            ("Mascara", 649.0),
            ("Vitamin C serum", 899.0),
            ("Night cream", 1099.0),
            ("Eau de parfum", 2799.0),
            ("Gift set", 1999.0),
        ),
    ),
    Category(
        name="Electronics",
        share=0.10,
        lines=0.35,
        quantity=0.03,
        season=(0.9, 0.8, 0.9, 0.9, 0.9, 0.9, 0.9, 1.0, 1.1, 1.2, 1.6, 1.3),
        products=(
            ("USB-C cable", 399.0),
            ("Phone case", 599.0),
            ("Wall charger, 65 W", 1299.0),
            ("Wireless mouse", 999.0),
            ("Earbuds", 2499.0),
            ("Bluetooth speaker", 3499.0),
            ("Power bank", 1799.0),
            ("Fitness band", 3999.0),
            ("Headphones", 7999.0),
            ("E-reader", 11999.0),
            ("Tablet", 24999.0),
            ("Laptop", 54999.0),
        ),
    ),
    Category(
        name="Sports",
        share=0.07,
        lines=0.5,
        quantity=0.15,
        season=(1.4, 0.9, 1.1, 1.2, 1.3, 1.3, 1.1, 1.0, 0.9, 0.8, 0.8, 0.9),
        products=(
            ("Water bottle", 399.0),
            ("Resistance bands", 599.0),
            ("Running socks", 349.0),
            ("Yoga mat", 1199.0),
            ("Football", 899.0),
            ("Training shirt", 999.0),
            ("Swim goggles", 699.0),
            ("Badminton racket", 1899.0),
            ("Dumbbells, pair", 2499.0),
            ("Cricket bat", 3299.0),
            ("Running shoes", 4999.0),
            ("Tent for two", 7499.0),
        ),
    ),
    Category(
        name="Toys",
        share=0.06,
        lines=0.6,
        quantity=0.1,
        season=(0.7, 0.7, 0.8, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 1.2, 1.9, 2.6),
        products=(
            ("Wooden puzzle", 449.0),
            ("Playing cards", 199.0),
            ("Colouring set", 349.0),
            ("Soft bear", 799.0),
            ("Building bricks", 1499.0),
            ("Board game", 1799.0),
            ("Toy train", 1299.0),
            ("Doll", 999.0),
            ("Science kit", 1599.0),
            ("Remote-control car", 2499.0),
            ("Doll's house", 4499.0),
            ("Balance bike", 5499.0),
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
