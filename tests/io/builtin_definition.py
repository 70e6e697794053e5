"""The built-in matrices from their definition alone, in Python's doubles."""

import math

MASK = 2**64 - 1


class Generator:
    """xoshiro256** seeded by splitmix64, and normals by the polar method with a logarithm of + - * / alone."""

    def __init__(self, seed):
        self.state = []
        for _ in range(4):
            seed = (seed + 0x9E3779B97F4A7C15) & MASK
            z = seed
            z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
            z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
            self.state.append(z ^ (z >> 31))
        self.spare = None

    @staticmethod
    def rotate(value, count):
        return ((value << count) | (value >> (64 - count))) & MASK

    def uniform(self):
        s = self.state
        result = (self.rotate((s[1] * 5) & MASK, 7) * 9) & MASK
        shifted = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= shifted
        s[3] = self.rotate(s[3], 45)
        return (result >> 11) * 2.0**-53

    @staticmethod
    def log(x):
        mantissa, exponent = math.frexp(x)
        if mantissa < 0.70710678118654752:
            mantissa *= 2
            exponent -= 1
        t = (mantissa - 1) / (mantissa + 1)
        series = 0.0
        for k in range(23, 0, -2):
            series = series * (t * t) + 1.0 / k
        return exponent * 0.69314718055994531 + 2 * t * series

    def normal(self):
        if self.spare is not None:
            value, self.spare = self.spare, None
            return value
        while True:
            u = 2 * self.uniform() - 1
            v = 2 * self.uniform() - 1
            s = u * u + v * v
            if 0 < s < 1:
                break
        radius = math.sqrt(-2 * self.log(s) / s)
        self.spare = v * radius
        return u * radius

    def normals(self, rows, cols):
        return [[self.normal() for _ in range(cols)] for _ in range(rows)]


def dot(a, b):
    total = 0.0
    for x, y in zip(a, b):
        total += x * y
    return total


def orthonormal(vectors):
    done = []
    for vector in vectors:
        for _ in range(2):
            for other in done:
                along = dot(vector, other)
                vector = [x - along * y for x, y in zip(vector, other)]
            norm = math.sqrt(dot(vector, vector))
            vector = [x / norm for x in vector]
        done.append(vector)
    return done


def spectrum(rows, cols, values, seed):
    generator = Generator(seed)
    left = generator.normals(len(values), rows)
    right = generator.normals(len(values), cols)
    left, right = orthonormal(left), orthonormal(right)
    result = [[0.0] * cols for _ in range(rows)]
    for value, u, v in zip(values, left, right):
        for i in range(rows):
            scale = value * u[i]
            for j in range(cols):
                result[i][j] += scale * v[j]
    return result


def symmetric(size, seed):
    G = Generator(seed).normals(size, size)
    return [[G[i][j] if i == j else (G[max(i, j)][min(i, j)] + G[min(i, j)][max(i, j)]) / 2 for j in range(size)] for i in range(size)]


def positive(size, seed):
    G = Generator(seed).normals(size, 2 * size)
    return [[dot(G[i], G[j]) / (2 * size) for j in range(size)] for i in range(size)]
