/**
 * Reverse mode, written by hand: each part of a Vision Transformer with its forward and its backward pass in one file,
 * shapes first, over the kernels of inference and their gradients. No tape: {@link leanvit.vit.grad.Network} makes all
 * arrays before the first step and says how many bytes they are. Not exported: {@code leanvit.vit.train} is for users.
 *
 * <pre>{@code
 * VitParameters model = VitParameters.read(directory);
 * Network network = new Network(model.config(), model.parameters(), batch, new Workers(executor, threads), p -> true);
 * float[] gradients = model.parameters().zeros();
 * float[] logits = network.forward(pixels, batch);                 // the network's own array
 * loss += CrossEntropy.label(K, logits, image * K, label, smoothing, 1.0 / batch, dLogits, image * K);  // each image
 * network.backward(dLogits, gradients);                            // adds to gradients
 * optimiser.step(model.parameters().values(), gradients);
 * network.pack();                                                  // after every change of the values
 * }</pre>
 *
 * Training with masks puts its own step between the halves of a block, and gives masks, size biases and gradients of
 * importance by {@link leanvit.vit.grad.AttentionSide}; weights are frozen where {@code gradients} is null:
 *
 * <pre>{@code
 * Network network = new Network(config, parameters, batch, workers, p -> false, Form.KEYS, 1e-5f,
 *         LastBlock.ALL);
 * network.workers().open();                                        // close() in a finally
 * network.embedding().forward(batch, pixels, network.tokens(0), 0);
 * network.attention(l).forward(batch, x, 0, y, 0, side);           // then network.attention(l).meanKeys(keys)
 * ... merge and prune y ...
 * network.mlp(l).forward(batch * network.tokens(), y, 0, z, 0);
 * network.head().backward(dLogits, null, d, 0, null);
 * network.mlp(l).backward(d, 0, null);                             // d is now the gradient of y
 * ... backward of merge and prune: d, side.dColumnMeans, side.dMeanKeys ...
 * network.attention(l).backward(d, 0, d, 0, side, null);           // fills side.dMask, side.dKeyBias
 * }</pre>
 */
package leanvit.vit.grad;
