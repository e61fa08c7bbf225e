def main(words: object) -> int:
    return 0
