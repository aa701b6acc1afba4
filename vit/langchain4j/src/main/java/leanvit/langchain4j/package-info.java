/** LeanViT in LangChain4j: an {@code EmbeddingModel} of images that runs in this JVM. */
package leanvit.langchain4j;
