/** LeanViT in Spark, 3.5 and 4: a {@code Transformer}, and the plain function below it for {@code mapPartitions}. */
package leanvit.spark;
