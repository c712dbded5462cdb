"""Train the anatomy network: heart and lungs on any frontal radiograph."""
