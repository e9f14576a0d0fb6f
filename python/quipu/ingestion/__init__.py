"""An IngestionPipeline of LlamaIndex over documents, in batches that are stored whole or not at all."""
