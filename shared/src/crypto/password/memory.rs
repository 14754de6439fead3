//! The memory that hashes fill, kept for the next ones. Given back each time, the allocator would keep as much again for every
//! thread that has ever hashed. It must not know what is hashed.

use std::sync::{Arc, Mutex, PoisonError};

use argon2::{Argon2, Block};

use super::HashError;

/// Blocks of memory; as many as hashes run at once.
#[derive(Clone)]
pub(super) struct Memory {
    blocks: usize,
    kept: Arc<Mutex<Vec<Vec<Block>>>>,
}

impl Memory {
    /// For hashes of so many blocks. Others get memory of their own.
    pub(super) fn new(blocks: usize) -> Self {
        Self { blocks, kept: Arc::default() }
    }

    /// Hashes into `out`.
    pub(super) fn hash(
        &self,
        argon2: &Argon2<'_>,
        password: &[u8],
        salt: &[u8],
        out: &mut [u8],
    ) -> Result<(), HashError> {
        let blocks = argon2.params().block_count();
        let keeps = blocks == self.blocks;
        let kept = if keeps { self.kept().pop() } else { None };
        let mut memory = kept.unwrap_or_else(|| vec![Block::default(); blocks]);
        let done = argon2.hash_password_into_with_memory(password, salt, out, &mut memory);
        if keeps {
            self.kept().push(memory);
        }
        done.map_err(|_| HashError::Params)
    }

    pub(super) fn kept(&self) -> std::sync::MutexGuard<'_, Vec<Vec<Block>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
