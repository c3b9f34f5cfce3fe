pattern = "\d+"
result = pattern
