"""How fast is the course's `fit`? One epoch of four models, beside other ways to run the same algorithm.

- ``ours``: `training.fit` as the notebooks call it (data in memory, fused Adam, bfloat16 where that is fast);
- ``plain``: a loop as tutorials write it (`plain`);
- ``pythae``: the library of that name, as its users run it (`pythae_users`); it has no GAN;
- ``floor``: our matrix products, convolutions and optimisers alone, nothing between them (`floor`).

They take turns, so that a machine that slows down meanwhile slows all, and each run has a process of its own, so that
nothing the one sets helps another. Imports, reading MNIST from disk and the first steps are timed for none.
`growth` measures how time and memory grow with the size of the data, the images, the codes and the batch.
"""
