/** The inside of a forward pass: packed weights, the block, threads, the ragged batch. Not exported. */
package leanvit.vit.pass;
