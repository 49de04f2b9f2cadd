"""What people and programs get to see, in the words of the admin API."""
