"""The Modbus driver: requests and answers, framing without input or output, and links that carry them."""
