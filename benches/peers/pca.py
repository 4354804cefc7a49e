"""PCA of 10,000 x 256 with scikit-learn, beside `cargo bench -p phonoscope-analysis --bench pca`.

Set-up: pip install scikit-learn
"""

import time

import numpy as np
from sklearn.decomposition import PCA

x = np.random.default_rng(1).standard_normal((10_000, 256))
for solver in ("covariance_eigh", "full"):
    times = []
    for _ in range(7):
        start = time.perf_counter()
        PCA(svd_solver=solver).fit(x)
        times.append(time.perf_counter() - start)
    print(f"{solver}: median {sorted(times)[3] * 1e3:.1f} ms, best {min(times) * 1e3:.1f} ms")
